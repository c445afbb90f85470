package pattern

import (
	"fmt"
	"testing"
)

// TestShapes: what is an identifier, which kind, and what is none.
func TestShapes(t *testing.T) {
	for key, want := range map[string][2]string{
		"user:42":                                {"user:*", "user:<int>"},
		"page:2026-11-27:hits":                   {"page:*:hits", "page:<date>:hits"},
		"page:2026-11-27T12:30:45Z:hits":         {"page:*:hits", "page:<date>:hits"},
		"page:2026-11-27T12:30:45.25+01:00":      {"page:*", "page:<date>"},
		"page:2026-11-27 12:30:45":               {"page:*", "page:<date>"},
		"page:2026-11-27T12:30":                  {"page:*-*-27T12:*", "page:<int>-<int>-27T12:<int>"},
		"at:12:30:45:x":                          {"at:*:x", "at:<time>:x"},
		"at:12:61:45":                            {"at:*:*:*", "at:<int>:<int>:<int>"},
		"ip:2001:db8::1:x":                       {"ip:*:x", "ip:<ip>:x"},
		"fe80::1ff:fe23:4567:890a":               {"*", "<ip>"},
		"ip:2001:db8:0:0:1:0:0:1":                {"ip:*", "ip:<ip>"},
		"ip:2001:db8:7":                          {"ip:*:db8:*", "ip:<int>:db8:<int>"},
		"feed::item":                             {"feed::item", "feed::item"},
		"face:1":                                 {"face:*", "face:<int>"},
		"page:2026-11":                           {"page:*", "page:<date>"},
		"page:2026/11/27/a":                      {"page:*/a", "page:<date>/a"},
		"page:20261127":                          {"page:*", "page:<date>"},
		"page:20261399":                          {"page:*", "page:<int>"},
		"page:2026-13-27":                        {"page:*-*-*", "page:<int>-<int>-<int>"},
		"page:2026-11-2x":                        {"page:*-*-2x", "page:<int>-<int>-2x"},
		"host:10.0.0.1:cpu":                      {"host:*:cpu", "host:<ip>:cpu"},
		"host:10.0.0.256":                        {"host:*", "host:<version>"},
		"app:v1.2.3:flags":                       {"app:*:flags", "app:<version>:flags"},
		"app:v1.2":                               {"app:*", "app:<version>"},
		"app:v2:flags":                           {"app:v2:flags", "app:v2:flags"},
		"geo:12.5":                               {"geo:*.*", "geo:<int>.<int>"},
		"1.2.3":                                  {"*", "<version>"},
		"mail:joe.doe+x@example.com":             {"mail:*", "mail:<email>"},
		"mail:joe@example.com:inbox":             {"mail:*:inbox", "mail:<email>:inbox"},
		"room@home":                              {"room@home", "room@home"},
		"team.a@b":                               {"team.a@b", "team.a@b"},
		"s:01ARZ3NDEKTSV4RRFFQ69G5FAV":           {"s:*", "s:<ulid>"},
		"{user:42}:cart":                         {"{user:*}:cart", "{user:<int>}:cart"},
		"550e8400-e29b-41d4-a716-446655440000:x": {"*:x", "<uuid>:x"},
		"t:9f86d081884c7d65":                     {"t:*", "t:<hex>"},
		"us-east-1":                              {"us-east-*", "us-east-<int>"},
		"sha1:abc":                               {"sha1:abc", "sha1:abc"},
		"2fa:secret":                             {"2fa:secret", "2fa:secret"},
		"v":                                      {"v", "v"},
		"vault.key":                              {"vault.key", "vault.key"},
	} {
		tree := New(Options{})
		tree.Add([]byte(key), 1)
		groups := tree.Groups()
		if len(groups) != 1 || groups[0].Pattern != want[0] || groups[0].Shape != want[1] {
			t.Errorf("%q: %+v, want %q", key, groups, want)
			continue
		}
		if !NewGlob(groups[0].Pattern).Match([]byte(key)) {
			t.Errorf("%q is not matched by its group's pattern %q", key, groups[0].Pattern)
		}
	}
}

// TestMixedShapes: a place with identifiers of several kinds has none, and shards
// add up what they have seen.
func TestMixedShapes(t *testing.T) {
	ints, mixed := New(Options{}), New(Options{})
	for i := range 100 {
		ints.Add(fmt.Appendf(nil, "a:%d", i), 1)
		mixed.Add(fmt.Appendf(nil, "a:10.0.0.%d", i), 1)
	}
	if g := ints.Groups(); g[0].Shape != "a:<int>" {
		t.Errorf("%+v", g)
	}
	ints.Merge(mixed)
	if g := ints.Groups(); len(g) != 1 || g[0].Shape != "a:*" || g[0].Keys != 200 {
		t.Errorf("%+v", g)
	}
}
