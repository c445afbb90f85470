package htmlview_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport/browsertest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func TestInABrowser(t *testing.T) {
	var page bytes.Buffer
	if err := htmlview.Write(&page, sample()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := browsertest.Start(t)
	is := func(what, script, want string) {
		t.Helper()
		if got := b.Eval(script); got != want {
			t.Errorf("%s: %s is %s, want %s", what, script, got, want)
		}
	}
	for _, width := range []int{400, 1280} {
		b.Open(file, width)
		is("nothing scrolls sideways", "document.documentElement.scrollWidth <= innerWidth", "true")
		is("areas are in proportion", `(() => {
			const nodes = JSON.parse(document.getElementById('data').textContent).nodes, map = document.getElementById('map');
			const tiles = [...map.children];
			return tiles.length === 6 && tiles.every(e => Math.abs(parseFloat(e.style.width) * parseFloat(e.style.height) /
				(map.clientWidth * map.clientHeight) / (nodes[e.dataset.node].v[0] / nodes[0].v[0]) - 1) < .01);
		})()`, "true")
		if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
			b.Shot(filepath.Join(dir, "shot-"+b.Eval("innerWidth")+".png"))
		}
	}
	is("a click zooms", "(document.querySelector('#map .tile').click(), document.getElementById('crumbs').textContent)", "(keys)session:")
	is("the zoomed map shows the branch", "document.getElementById('map').children.length", "10")
	is("Esc goes back", "(document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'})), document.getElementById('crumbs').textContent)", "(keys)")
	is("a row zooms to its pattern", "(document.querySelector('tr[data-node]').click(), document.getElementById('crumbs').lastChild.textContent)", "a0:*")
	is("the icicle starts from the branch", "(document.getElementById('kind').click(), document.getElementById('map').children.length)", "11")
	is("a heading sorts", `(() => {
		const table = document.querySelector('table.grid'), values = () => [...table.tBodies[0].rows].map(r => +r.cells[3].dataset.v);
		table.tHead.rows[0].cells[3].firstChild.click(); const down = values();
		table.tHead.rows[0].cells[3].firstChild.click(); const up = values();
		return down.every((v, i) => !i || v <= down[i-1]) && up.every((v, i) => !i || v >= up[i-1]) && up[0] < down[0];
	})()`, "true")
	is("text stands out, in the light", browsertest.Contrast, "[]")
	is("dark", "(document.documentElement.dataset.theme = 'dark', getComputedStyle(document.body).backgroundColor)", "rgb(20, 24, 30)")
	is("text stands out, in the dark", browsertest.Contrast, "[]")
	if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
		b.Shot(filepath.Join(dir, "shot-dark.png"))
	}
	b.Call("Emulation.setEmulatedMedia", map[string]any{"media": "print"})
	is("paper is white, even from the dark", "getComputedStyle(document.body).backgroundColor", "rgb(255, 255, 255)")
	is("all rows are on paper", "[...document.querySelectorAll('table.grid tbody tr')].every(e => e.checkVisibility())", "true")
	is("text stands out on paper", browsertest.Contrast, "[]")
	b.Call("Emulation.setEmulatedMedia", map[string]any{"media": ""})
	for _, e := range b.Events {
		if !strings.Contains(e, `"url":"file://`) || !strings.HasPrefix(e, "Network.") {
			t.Errorf("the page is not quiet: %.300s", e)
		}
	}
	if len(b.Events) == 0 {
		t.Error("not even the page itself was seen being loaded: nothing was watched")
	}
}

// TestAThousandGroupsInABrowser is the most that a report has.
func TestAThousandGroupsInABrowser(t *testing.T) {
	r := sample()
	group := r.Groups[0]
	r.Groups, r.Totals = nil, report.Figures{}
	for i := range 1000 {
		g := group
		g.Pattern = fmt.Sprintf("tenant%d:%s:*", i/10, strings.Repeat("x", i%60))
		g.Path = []string{fmt.Sprintf("tenant%d:", i/10), strings.Repeat("x", i%60) + ":", "*"}
		g.Keys, g.Bytes = int64(i+1), int64(i+1)*1000
		r.Totals.Keys += g.Keys
		r.Totals.Bytes += g.Bytes
		r.Groups = append(r.Groups, g)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	var page bytes.Buffer
	if err := htmlview.Write(&page, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := browsertest.Start(t)
	for _, width := range []int{400, 1280} {
		b.Open(file, width)
		for script, want := range map[string]string{
			"document.documentElement.scrollWidth <= innerWidth":  "true",
			"document.querySelectorAll('tr[data-node]').length":   "1000",
			"document.getElementById('map').children.length > 20": "true",
			"[...document.getElementById('map').children].every(e => e.offsetWidth >= 0 && e.offsetLeft + e.offsetWidth <= document.getElementById('map').clientWidth + 1)": "true",
		} {
			if got := b.Eval(script); got != want {
				t.Errorf("at %d pixels, %s is %s, want %s", width, script, got, want)
			}
		}
		if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
			b.Shot(filepath.Join(dir, "shot-1000-"+b.Eval("innerWidth")+".png"))
		}
	}
}
