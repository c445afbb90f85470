package alike

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func sumOf(id Identity, masks Masks, v Verdict, stdout, stderr string) Sum {
	h := NewHasher(id, masks)
	_, _ = io.WriteString(h.Stdout(), stdout)
	_, _ = io.WriteString(h.Stderr(), stderr)
	return h.Sum(v)
}

var ok = Verdict{Outcome: "ok"}

func TestPrintIsStable(t *testing.T) {
	for _, tc := range []struct {
		about string
		sum   Sum
		want  string
	}{
		{"nothing", sumOf(web, 0, ok, "", ""), "989eb2fb"},
		{"a line", sumOf(web, 0, ok, "hello\n", ""), "d18942d2"},
		{"the pod's name", sumOf(web, 0, ok, web.Pod+"\n", ""), "a099ccc2"},
	} {
		if got := tc.sum.Print.String(); got != tc.want {
			t.Errorf("%s: fingerprint %s, want %s: a change needs a new version", tc.about, got, tc.want)
		}
	}
}

func TestPrintTellsApart(t *testing.T) {
	sums := map[string]Sum{
		"empty":                   sumOf(web, 0, ok, "", ""),
		"a line":                  sumOf(web, 0, ok, "a\n", ""),
		"no newline at the end":   sumOf(web, 0, ok, "a", ""),
		"CRLF":                    sumOf(web, 0, ok, "a\r\n", ""),
		"on stderr":               sumOf(web, 0, ok, "", "a\n"),
		"half on stderr":          sumOf(web, 0, ok, "a", "\n"),
		"a NUL":                   sumOf(web, 0, ok, "a\n\x00", ""),
		"another code":            sumOf(web, 0, Verdict{Outcome: "failed", Code: 1}, "a\n", ""),
		"another outcome":         sumOf(web, 0, Verdict{Outcome: "lost", Code: Unknown}, "a\n", ""),
		"another reason":          sumOf(web, 0, Verdict{Outcome: "lost", Code: Unknown, Reason: "gone"}, "a\n", ""),
		"its name":                sumOf(web, 0, ok, web.Pod, ""),
		"what its name becomes":   sumOf(web, 0, ok, "<pod>", ""),
		"its name, other order":   sumOf(web, 0, ok, web.Pod+"<pod>", ""),
		"its name, another order": sumOf(web, 0, ok, "<pod>"+web.Pod, ""),
	}
	seen := map[Print]string{}
	for about, sum := range sums {
		if other, ok := seen[sum.Print]; ok {
			t.Errorf("%s and %s have the same fingerprint", about, other)
		}
		seen[sum.Print] = about
	}
}

func TestPrintOverlooksIdentity(t *testing.T) {
	other := Identity{Pod: "web-7d4b9f8c6d-bvnm5", UID: "00000000-1111-4000-8000-0123456789ab", IP: "10.244.2.77", Node: "node-22.example.com", Workload: "deployment/web"}
	text := func(id Identity) string {
		return fmt.Sprintf("%s %s\nuid %s on %s\n", id.Pod, id.IP, id.UID, id.Node)
	}
	lost := func(id Identity) Verdict {
		return Verdict{Outcome: "lost", Code: Unknown, Reason: "connection to " + id.IP + " lost"}
	}
	a := sumOf(web, 0, lost(web), text(web), text(web))
	b := sumOf(other, 0, lost(other), text(other), text(other))
	if a.Print != b.Print || a.Raw == b.Raw {
		t.Errorf("two pods that say who they are: print equal %v, raw equal %v; want true, false", a.Print == b.Print, a.Raw == b.Raw)
	}
	if got, want := a.Masked.String(), "pod name ×2, pod UID ×2, pod IP ×3, node name ×2"; got != want {
		t.Errorf("masked %q, want %q", got, want)
	}
}

func TestRawIsOfTheOutputAsItIs(t *testing.T) {
	text := "x web-1 y 10.0.0.1 " + strings.Repeat("z", 3*window) + " web-1\n"
	with := sumOf(short, All, ok, text, text)
	without := sumOf(Identity{}, 0, ok, text, text)
	if with.Raw != without.Raw || without.Raw != without.Print || with.Print == with.Raw {
		t.Error("the raw fingerprint depends on what is replaced")
	}
}

// FuzzHasher checks that the pieces in which output arrives make no difference.
func FuzzHasher(f *testing.F) {
	f.Add("web-1 at 10.0.0.1\n15:04:05", "a\n", uint64(1))
	f.Fuzz(func(t *testing.T, stdout, stderr string, seed uint64) {
		want := sumOf(short, All, ok, stdout, stderr)
		rnd := rand.New(rand.NewPCG(seed, 1))
		h := NewHasher(short, All)
		for len(stdout)+len(stderr) > 0 {
			n := rnd.IntN(len(stdout) + 1)
			_, _ = io.WriteString(h.Stdout(), stdout[:n])
			m := rnd.IntN(len(stderr) + 1)
			_, _ = io.WriteString(h.Stderr(), stderr[:m])
			stdout, stderr = stdout[n:], stderr[m:]
		}
		if got := h.Sum(ok); got != want {
			t.Error("another fingerprint in pieces")
		}
	})
}

// logText is some 1 MiB of what a pod of a web service writes.
func logText() []byte {
	var b strings.Builder
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, "2026-11-24T10:%02d:%02d.123Z INFO server[%d]: GET /api/v1/items/%d from 10.1.2.3 took %d.%dms, node web-worker cache=0xc000%06x status=200\n",
			i/60%60, i%60, 100+i%7, i, i%90, i%10, i)
	}
	return []byte(b.String())
}

func BenchmarkHasher(b *testing.B) {
	text := logText()
	for _, masks := range []Masks{0, Time, All} {
		name := masks.String()
		if masks == 0 {
			name = "identity"
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				h := NewHasher(web, masks)
				_, _ = h.Stdout().Write(text)
				h.Sum(ok)
			}
		})
	}
}

// BenchmarkGroup1000x100 is what 1,000 targets with 100 lines each cost while their
// output arrives, all of them together, and after the last result.
func BenchmarkGroup1000x100(b *testing.B) {
	const targets = 1000
	texts := make([][]byte, targets)
	ids := make([]Identity, targets)
	for i := range texts {
		ids[i] = Identity{Pod: fmt.Sprintf("web-%d", i), IP: fmt.Sprintf("10.1.%d.%d", i/250, i%250), Node: fmt.Sprintf("node-%d", i%50), Workload: "web"}
		var t strings.Builder
		for line := range 100 {
			fmt.Fprintf(&t, "2026-11-24T10:00:%02d.%03dZ %s on %s (%s): line %d of the output\n", line%60, i, ids[i].Pod, ids[i].Node, ids[i].IP, line)
		}
		if i%100 == 7 {
			t.WriteString("and one line more\n")
		}
		texts[i] = []byte(t.String())
	}
	members := make([]Member, targets)
	hashAll := func() {
		for i := range members {
			h := NewHasher(ids[i], All)
			_, _ = h.Stdout().Write(texts[i])
			members[i] = Member{Name: ids[i].Pod, Verdict: ok, Sum: h.Sum(ok)}
		}
	}
	b.Run("while output arrives", func(b *testing.B) {
		for b.Loop() {
			hashAll()
		}
	})
	hashAll()
	b.Run("after the last result", func(b *testing.B) {
		for b.Loop() {
			if groups := GroupBy(members); len(groups) != 2 || len(groups[1].Members) != 10 {
				b.Fatalf("%d groups", len(groups))
			}
		}
	})
}

func TestHasherKeepsLittle(t *testing.T) {
	h := NewHasher(web, All)
	text := logText()
	for range 8 {
		_, _ = h.Stdout().Write(text)
	}
	if kept, most := cap(h.streams[0].scrub.buf), 2*(lookback+window+maskReach); kept > most {
		t.Errorf("a hasher keeps %d bytes, want at most %d", kept, most)
	}
	if h.Sum(ok).Print != sumOf(web, All, ok, strings.Repeat(string(text), 8), "").Print {
		t.Error("another fingerprint in one piece")
	}
}
