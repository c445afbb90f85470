package htmlreport

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

const hostile = "</script><!--\"'&\x00\x1b\xff\u202e\u2028"

func written(t *testing.T, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func branch() *Node {
	leaf := func(v float64) *Node {
		return &Node{Name: hostile, Title: hostile, Values: []float64{v}, Errors: []float64{v / 10}}
	}
	return &Node{Name: "all", Children: []*Node{leaf(30), {Name: "both", Values: []float64{5}, Children: []*Node{leaf(40)}}}}
}

func TestPolicyAllowsExactlyWhatIsInThePage(t *testing.T) {
	page := written(t, &Page{Map: Map{Root: branch(), Measures: []Measure{{"bytes", Bytes}}}})
	policy := regexp.MustCompile(`Security-Policy" content="([^"]+)"`).FindStringSubmatch(page)[1]
	policy = strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy)
	for _, tag := range []string{"style", "script"} {
		body := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(page)[1]
		sum := sha256.Sum256([]byte(body))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || regexp.MustCompile(`https?://`).MatchString(page) {
		t.Error("the page may load something, or names something to load")
	}
	if n := len(page); n > 120_000 {
		t.Errorf("a page without data has %d bytes, want at most 120 000", n)
	}
}

func TestDataAddsUpAndComesBackEscaped(t *testing.T) {
	page := written(t, &Page{Map: Map{Root: branch(), Measures: []Measure{{"bytes", Bytes}}}})
	text := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindStringSubmatch(page)[1]
	var data struct{ Nodes []flatNode }
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	sums := make([]float64, len(data.Nodes))
	for _, n := range data.Nodes[1:] {
		sums[n.Parent] += n.Values[0]
	}
	for i, n := range data.Nodes {
		if sums[i] != 0 && sums[i] != n.Values[0] {
			t.Errorf("node %d has %v, its children %v", i, n.Values[0], sums[i])
		}
	}
	if got := data.Nodes[0].Values[0]; got != 75 {
		t.Errorf("the root has %v, want 75", got)
	}
	if got, want := data.Nodes[1].Title, `</script><!--"'&\x00\x1b\xff\u202e\u2028`; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{{Bytes, 0, "0 B"}, {Bytes, 1536, "1.50 KiB"}, {Bytes, -3 << 20, "−3.00 MiB"}, {Count, 1234567, "1 234 567"}, {Share, .0004, "< 0.1 %"},
		{Share, .125, "12.5 %"}, {Seconds, 90, "1.5 min"}, {Seconds, .0032, "3.20 ms"}} {
		if got := Format(c.unit, c.v); got != c.want {
			t.Errorf("Format(%s, %v) = %q, want %q", c.unit, c.v, got, c.want)
		}
	}
}

func TestWaterfallReachesWhatIsLeft(t *testing.T) {
	list := falls(&Waterfall{Total: Step{Bytes: 100}, Steps: []Step{{Bytes: 30}, {Bytes: 90}, {Bytes: -20}}})
	var got []string
	for _, f := range list {
		got = append(got, f.X+"+"+f.W+f.Class)
	}
	// The scale runs from -20, where the keys' bar ends, to 100.
	if want := "166.67+833.33total 750.00+250.00 0.00+750.00 0.00+166.67minus"; strings.Join(got, " ") != want {
		t.Errorf("bars %q, want %q", got, want)
	}
}
