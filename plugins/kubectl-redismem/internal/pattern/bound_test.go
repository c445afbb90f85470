package pattern

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestErrorBound: no name has lost more bytes to a "*" than the bound says, and
// without folding there is none.
func TestErrorBound(t *testing.T) {
	small := New(Options{})
	for i := range 1000 {
		small.Add(fmt.Appendf(nil, "user:%d", i), 100)
	}
	if b := small.ErrorBound(); b != 0 {
		t.Errorf("bound %d, but nothing was folded", b)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	word := func(n int) string { // letters only: a name
		var b strings.Builder
		for range 3 {
			b.WriteByte("bcdfghklmnprstvw"[n%16])
			b.WriteByte("aeiou"[n/16%5])
			n /= 7
		}
		return b.String()
	}
	one, two := New(Options{MaxNodes: 200}), New(Options{MaxNodes: 200})
	truth, total := map[string]int64{}, int64(0)
	for i := range 200_000 {
		name := word(int(rng.ExpFloat64() * 400))
		size := int64(10 + rng.IntN(100))
		tree := one
		if i%2 == 1 {
			tree = two
		}
		tree.Add([]byte(name+":x"), size)
		truth[name+":"] += size
		total += size
	}
	one.Merge(two)
	shown := map[string]int64{}
	for _, n := range one.root.lits {
		shown[n.label] = n.sum().Bytes
	}
	most := int64(0)
	for name, bytes := range truth {
		most = max(most, bytes-shown[name])
	}
	bound := one.ErrorBound()
	if len(truth) < 300 || most == 0 {
		t.Fatalf("%d names, at most %d bytes lost: this tests nothing", len(truth), most)
	}
	if bound < most || bound > total/4 {
		t.Errorf("bound %d, a name has lost %d of %d", bound, most, total)
	}
}

// BenchmarkUnique is a stream of names that never come again, of several schemes:
// what bounds memory, and what a key costs then. One round is one key, so that
// -benchtime 100000000x is 100 million of them.
func BenchmarkUnique(b *testing.B) {
	tree := New(Options{Detailed: true})
	var buf []byte
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		x := i * 0x9E3779B97F4A7C15
		switch i++; i % 4 {
		case 0:
			buf = append(strconv.AppendUint(append(buf[:0], "user:"...), i, 10), ":profile"...)
		case 1:
			buf = strconv.AppendUint(buf[:0], x|1<<63, 16)
		case 2:
			buf = append(buf[:0], "word:"...)
			for ; x > 0; x /= 26 {
				buf = append(buf, byte('a'+x%26))
			}
		default:
			buf = append(strconv.AppendUint(append(buf[:0], "tenant"...), i%5000, 10), "/obj-"...)
			buf = append(strconv.AppendUint(buf, x, 16), "/meta"...)
		}
		tree.Add(buf, int64(50+x%1000))
	}
	b.ReportMetric(float64(tree.nodes), "nodes")
	b.ReportMetric(peakRSS(b), "MiB-peak-RSS")
}

// peakRSS is what the process took at most, in MiB; 0 where the kernel does not tell.
func peakRSS(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
