package pace

import "testing"

// TestLag: a replica that has not heard from its primary, and a primary whose
// replicas have not been heard of.
func TestLag(t *testing.T) {
	for text, want := range map[string]bool{
		"role:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:1\r\n":                               false,
		"role:slave\r\nmaster_link_status:down\r\n":                                                             true,
		"role:slave\r\nmaster_last_io_seconds_ago:9\r\n":                                                        true,
		"role:master\r\nslave0:ip=10.0.0.1,port=6379,state=online,offset=42,lag=1\r\n":                          false,
		"role:master\r\nslave0:ip=::1,port=1,state=online,offset=1,lag=0\r\nslave1:ip=b,state=online,lag=9\r\n": true,
		"role:slave\r\nslave_priority:100\r\nslave_read_only:1\r\n":                                             false,
	} {
		s := &sample{}
		if s.read(text); s.lagging != want {
			t.Errorf("%q: lagging %v", text, s.lagging)
		}
	}
}
