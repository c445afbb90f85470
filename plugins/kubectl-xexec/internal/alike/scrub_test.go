package alike

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var web = Identity{
	Pod: "web-7d4b9f8c6d-x2x4z", UID: "7d4b2c1a-0000-4000-8000-0123456789ab", IP: "10.244.1.5",
	Node: "node-1.example.com", Workload: "deployment/web",
}

func scrub(t *testing.T, id Identity, masks Masks, in string) (string, Counts) {
	t.Helper()
	var out strings.Builder
	s := NewScrubber(&out, id, masks)
	if _, err := s.Write([]byte(in)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), s.Counts()
}

func TestScrubIdentity(t *testing.T) {
	for _, tc := range []struct {
		about    string
		id       Identity
		in, want string
	}{
		{"hostname", web, "web-7d4b9f8c6d-x2x4z\n", "<pod>\n"},
		{"in the middle", web, "I am web-7d4b9f8c6d-x2x4z!", "I am <pod>!"},
		{"a path of logs", web, "/var/log/pods/prod_web-7d4b9f8c6d-x2x4z_7d4b2c1a-0000-4000-8000-0123456789ab/app", "/var/log/pods/prod_<pod>_<uid>/app"},
		{"a cgroup", web, "kubepods-pod7d4b2c1a_0000_4000_8000_0123456789ab.slice", "kubepods-pod<uid>.slice"},
		{"the longest first", web, "7d4b9f8c6d-x2x4z x2x4z", "<suffix> <suffix>"},
		{"a suffix of another", web, "api-x2x4za x2x4z-b", "api-x2x4za x2x4z-b"},
		{"the address", web, "10.244.1.5:80 (10.244.1.5) http://10.244.1.5/.", "<ip>:80 (<ip>) http://<ip>/."},
		{"the address at the end of a sentence", web, "from 10.244.1.5.", "from <ip>."},
		{"not another address", web, "10.244.1.55 110.244.1.5 1.10.244.1.5 10.244.1.5.6", "10.244.1.55 110.244.1.5 1.10.244.1.5 10.244.1.5.6"},
		{"the address in DNS", web, "10-244-1-5.prod.pod.cluster.local", "<ip>.prod.pod.cluster.local"},
		{"the node, long and short", web, "node-1.example.com node-1 node-10", "<node> <node> node-10"},
		{"IPv6", Identity{IP: "fd00::1"}, "[fd00::1]:80 fd00::1 fd00::12 fd00::1:2 2:fd00::1", "[<ip>]:80 <ip> fd00::12 fd00::1:2 2:fd00::1"},
		{"a prefix of another name", Identity{Pod: "web-1"}, "web-10 web-1-data web-1.web.svc data-web-1 web-1-", "web-10 web-1-data <pod>.web.svc data-<pod> <pod>-"},
		{"an ordinal is any number", Identity{Pod: "web-3", Workload: "statefulset/web"}, "3\nweb-3\n", "3\n<pod>\n"},
		{"a pod of one letter", Identity{Pod: "a"}, "a\na banana\r\na\r\nba a", "<pod>\na banana\r\n<pod>\r\nba a"},
		{"a pod that is a word", Identity{Pod: "redis"}, "redis\nredis started\n", "<pod>\nredis started\n"},
		{"a pod named 0", Identity{Pod: "0"}, "0\n", "0\n"},
		{"a namespace that is a word", Identity{Namespace: "default"}, "default\nby default\n", "<namespace>\nby default\n"},
		{"no identity", Identity{}, "web-1 10.0.0.1", "web-1 10.0.0.1"},
		{"a name longer than a host's", Identity{Pod: strings.Repeat("a1", 31) + "-b"}, strings.Repeat("a1", 31), "<pod>"},
		{"bytes of all kinds", Identity{Pod: "web-1"}, "\x00web-1\xffweb-1\x00", "\x00<pod>\xff<pod>\x00"},
		{"next to letters beyond ASCII", Identity{Pod: "web-1"}, "»web-1«", "»<pod>«"},
	} {
		t.Run(tc.about, func(t *testing.T) {
			if got, _ := scrub(t, tc.id, 0, tc.in); got != tc.want {
				t.Errorf("%q became\n     %q\nwant %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestScrubMasks(t *testing.T) {
	for _, tc := range []struct {
		masks    Masks
		in, want string
	}{
		{Time, "2006-01-02T15:04:05Z x", "<time> x"},
		{Time, "2006-01-02T15:04:05.123456789+07:00.", "<time>."},
		{Time, "2006-01-02 15:04:05,123 INFO", "<time> INFO"},
		{Time, "2006-01-02 15:04:05.123456 +0000 UTC m=+0.012345678", "<time>"},
		{Time, "2006/01/02 15:04:05 [error] main.go", "<time> [error] main.go"},
		{Time, "-rw-r--r-- 1 root root 5 2006-01-02 15:04 a", "-rw-r--r-- 1 root root 5 <time> a"},
		{Time, "-rw-r--r-- 1 root root 5 Jan  2 15:04 a", "-rw-r--r-- 1 root root 5 <time> a"},
		{Time, "Jan  2 15:04:05 host sshd", "<time> host sshd"},
		{Time, "Mon Jan  2 15:04:05 UTC 2006", "<time>"},
		{Time, "Mon Jan  2 03:04:05 PM CEST 2006", "<time>"},
		{Time, "Mon, 02 Jan 2006 15:04:05 GMT\r\n", "<time>\r\n"},
		{Time, "[02/Jan/2006:15:04:05 -0700] \"GET /\"", "[<time>] \"GET /\""},
		{Time, "15:04:05 GET /", "<time> GET /"},
		{Time, "1:M 02 Jan 2006 15:04:05.123 * Ready", "1:M <time> * Ready"},
		{Time, "I0102 15:04:05.123456    1234 main.go:12] x", "I<time> 1234 main.go:12] x"},
		{Time, "20060102T150405Z", "<time>"},
		{Time, " 15:04:05 up 5 days", " <time> up 5 days"},
		{Time, "1700000001 1700000001.123 1700000001234 1700000001234567890", "<time> <time> <time> <time>"},
		{Time, "1610612736 1234567890 17000000012 2999999999", "1610612736 1234567890 17000000012 2999999999"},
		{Time, "2006-01-02 10:80 99:99:99 v15:04:05:06 Mayor Monday may 2", "2006-01-02 10:80 99:99:99 v15:04:05:06 Mayor Monday may 2"},
		{Time, "built 2006-01-02", "built 2006-01-02"},
		{PID, "pid=12 PID: 12, pid 12 \"pid\":12 main_pid=12 Ppid:\t12", "pid=<pid> PID: <pid>, pid <pid> \"pid\":<pid> main_pid=<pid> Ppid:\t12"},
		{PID, "sshd[12]: x [12] y x[1] = 2", "sshd[<pid>]: x [<pid>] y x[1] = 2"},
		{PID, "/proc/12/status /proc/self", "/proc/<pid>/status /proc/self"},
		{PID, "[error] 12#34: *5", "[error] <pid>: *5"},
		{PID, "I0102 15:04:05.123456    1234 main.go:12] x", "I0102 15:04:05.123456    <pid> main.go:12] x"},
		{PID, "goroutine 17 [running]:", "goroutine <pid> [running]:"},
		{PID, "rapid 12 12 12th", "rapid 12 12 12th"},
		{Duration, "12ms 1.2s 3m4s 1h2m3.5s 250µs 5d3h 0.123 seconds 5 min 10 ms.", "<duration> <duration> <duration> <duration> <duration> <duration> <duration> <duration> <duration>."},
		{Duration, "100m 5 m 12 5x 1.2.3s v2s 3 mice 2sx", "100m 5 m 12 5x 1.2.3s v2s 3 mice 2sx"},
		{Hex, "0xc000123abc +0x1d5 0xdeadbeef, 0x12345g", "<hex> +0x1d5 <hex>, 0x12345g"},
		{UUID, "id=7D4b2c1a-0000-4000-8000-0123456789ab.", "id=<uuid>."},
		{UUID, "7d4b2c1a-0000-4000-8000-0123456789abc", "7d4b2c1a-0000-4000-8000-0123456789abc"},
		{All, "I0102 15:04:05.123456  77 x.go:1] took 1.5s at 0xc000123abc", "I<time> <pid> x.go:1] took <duration> at <hex>"},
		{All, "E0102 15:04:05.123456       1 x.go:1] x", "E<time> <pid> x.go:1] x"},
		{0, "15:04:05 pid=12 1.2s 0xc000123", "15:04:05 pid=12 1.2s 0xc000123"},
	} {
		if got, _ := scrub(t, Identity{}, tc.masks, tc.in); got != tc.want {
			t.Errorf("--mask %s: %q became\n     %q\nwant %q", tc.masks, tc.in, got, tc.want)
		}
	}
}

func TestScrubCounts(t *testing.T) {
	_, counts := scrub(t, web, Time, "web-7d4b9f8c6d-x2x4z 15:04:05 15:04:06\nweb-7d4b9f8c6d-x2x4z 10.244.1.5\n")
	if got, want := counts.String(), "pod name ×2, pod IP ×1, time ×2"; got != want || counts.Total() != 5 {
		t.Errorf("counts = %q (%d), want %q", got, counts.Total(), want)
	}
}

func TestParseMasks(t *testing.T) {
	for in, want := range map[string]Masks{"": 0, "time": Time, "time, pid": Time | PID, "all": All, "duration,hex,uuid": Duration | Hex | UUID} {
		got, err := ParseMasks(in)
		if err != nil || got != want {
			t.Errorf("ParseMasks(%q) = %v, %v; want %v", in, got, err, want)
		}
		if again, err := ParseMasks(got.String()); err != nil || again != got {
			t.Errorf("ParseMasks(%q) = %v, %v; want %v", got.String(), again, err, got)
		}
	}
	if _, err := ParseMasks("time,date"); err == nil || !strings.Contains(err.Error(), `unknown mask "date"`) {
		t.Errorf("ParseMasks(date) = %v, want an error that names it", err)
	}
}

// recorder rebuilds both sides of what a scrubber does.
type recorder struct{ raw, clean bytes.Buffer }

func (r *recorder) text(p []byte) { r.raw.Write(p); r.clean.Write(p) }

func (r *recorder) mark(k Kind, original []byte) {
	r.raw.Write(original)
	r.clean.WriteString(k.Placeholder())
}

// FuzzScrub checks that no byte is lost but by a replacement, and that the pieces
// in which text arrives make no difference.
func FuzzScrub(f *testing.F) {
	f.Add([]byte("web-1 is web-10 at 10.0.0.1\na\n"), uint64(1), uint8(31))
	f.Add([]byte("I0102 15:04:05.123456    1234 main.go:12] took 3m4s pid=12 0xc000123\n"), uint64(2), uint8(31))
	f.Add([]byte("Mon, 02 Jan 2006 15:04:05 GMT 2006-01-02 15:04:05.1 +0000 UTC m=+0.1"), uint64(3), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, seed uint64, masks uint8) {
		// Long enough to be passed on in several pieces.
		for len(in) > 0 && len(in) < 2*window+1000 && seed%256 == 0 {
			in = append(in, in...)
		}
		checkScrub(t, in, seed, Masks(masks)&All)
	})
}

var short = Identity{Pod: "web-1", IP: "10.0.0.1", Node: "a", UID: "7d4b2c1a-0000-4000-8000-0123456789ab"}

func checkScrub(t *testing.T, in []byte, seed uint64, masks Masks) {
	t.Helper()
	var whole, pieces recorder
	s := scrubber{rules: newRules(short, masks), to: &whole}
	s.write(in)
	s.end()
	if !bytes.Equal(whole.raw.Bytes(), in) {
		t.Fatalf("%q lost bytes: %q", in, whole.raw.Bytes())
	}
	rnd := rand.New(rand.NewPCG(seed, 7))
	s = scrubber{rules: newRules(short, masks), to: &pieces}
	for rest := in; len(rest) > 0; {
		n := min(len(rest), 1+rnd.IntN(1+rnd.IntN(20000)))
		s.write(rest[:n])
		rest = rest[n:]
	}
	s.end()
	if !bytes.Equal(whole.clean.Bytes(), pieces.clean.Bytes()) {
		t.Fatalf("in pieces %q becomes %q, as a whole %q", in, pieces.clean.Bytes(), whole.clean.Bytes())
	}
	// The window's ends must make no difference either: shift them.
	shift := 1 + rnd.IntN(300)
	padded := append(bytes.Repeat([]byte("\n"), shift), in...)
	var shifted recorder
	s = scrubber{rules: newRules(short, masks), to: &shifted}
	s.write(padded)
	s.end()
	if !bytes.Equal(shifted.clean.Bytes()[shift:], whole.clean.Bytes()) {
		t.Fatalf("after %d newlines %q becomes something else", shift, in)
	}
}

func TestScrubWhereverTheWindowEnds(t *testing.T) {
	samples := []string{
		"web-1", "web-10", "10.0.0.1", "10.0.0.12", "\na\n", "2006-01-02 15:04:05.123456 +0000 UTC m=+0.012345678",
		"I0102 15:04:05.123456    1234 main.go:12]", "pid=12", "3m4s", "0xc000123abc", "7d4b2c1a-0000-4000-8000-0123456789ab",
		"Mon Jan  2 03:04:05 PM CEST 2006", "12#34:", strings.Repeat("1", 300), strings.Repeat(" ", 300), "0.5 milliseconds",
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	for round := range 60 {
		var b bytes.Buffer
		for b.Len() < 3*window {
			b.WriteString(samples[rnd.IntN(len(samples))])
			b.WriteString([]string{" ", "\n", ", ", "-", ".", ":"}[rnd.IntN(6)])
		}
		checkScrub(t, b.Bytes(), uint64(round), All)
	}
}

func TestScrubOneLineOfManyMegabytes(t *testing.T) {
	unit := "web-1,x=10.0.0.1;"
	in := strings.Repeat(unit, 300_000)
	got, counts := scrub(t, short, 0, in)
	if want := strings.Repeat("<pod>,x=<ip>;", 300_000); got != want {
		t.Error("replacements are missing in a long line")
	}
	if counts[PodName] != 300_000 || counts[PodIP] != 300_000 {
		t.Errorf("counts = %v", counts)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

func TestScrubberReturnsWriteErrors(t *testing.T) {
	s := NewScrubber(failing{}, short, 0)
	_, err := s.Write(make([]byte, 4*window))
	if err == nil || s.Close() == nil {
		t.Error("an error of the writer behind is lost")
	}
}
