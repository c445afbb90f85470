package htmlview_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// browser talks to chromium over its debugging pipe: JSON that ends with NUL.
type browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
	events  []string // methods that tell of trouble or of the network, with what they say
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func start(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("chromium is missing; install the Debian package chromium: %v", err)
	}
	toRead, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, toWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	cmd.ExtraFiles = []*os.File{toRead, toWrite}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toRead.Close()
	toWrite.Close()
	out.SetReadDeadline(time.Now().Add(60 * time.Second))
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		b.session = ""
		b.send("Browser.close", nil)
		cmd.Wait()
		in.Close()
		out.Close()
	})
	return b
}

func (b *browser) send(method string, params any) {
	b.id++
	m := map[string]any{"id": b.id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	text, _ := json.Marshal(m)
	b.in.Write(append(text, 0))
}

func (b *browser) read() message {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("read from chromium: %v", err)
	}
	var m message
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	switch m.Method {
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Network.requestWillBeSent", "Page.javascriptDialogOpening":
		b.events = append(b.events, m.Method+" "+string(m.Params))
	}
	return m
}

func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	b.send(method, params)
	for {
		if m := b.read(); m.ID == b.id {
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		}
	}
}

func (b *browser) open(url string, width int) {
	b.t.Helper()
	if b.session == "" {
		var target struct{ TargetID, SessionID string }
		json.Unmarshal(b.call("Target.createTarget", map[string]any{"url": "about:blank"}), &target)
		json.Unmarshal(b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &target)
		b.session = target.SessionID
		for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
			b.call(domain+".enable", nil)
		}
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1500, "deviceScaleFactor": 1, "mobile": false})
	b.send("Page.navigate", map[string]any{"url": url})
	for b.read().Method != "Page.loadEventFired" {
	}
}

func (b *browser) eval(script string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	json.Unmarshal(b.call("Runtime.evaluate", map[string]any{"expression": "String(" + script + ")", "returnByValue": true}), &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", script, r.ExceptionDetails)
	}
	s, _ := r.Result.Value.(string)
	return s
}

func TestInABrowser(t *testing.T) {
	var page bytes.Buffer
	if err := htmlview.Write(&page, sample()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(t)
	is := func(what, script, want string) {
		t.Helper()
		if got := b.eval(script); got != want {
			t.Errorf("%s: %s is %s, want %s", what, script, got, want)
		}
	}
	for _, width := range []int{400, 1280} {
		b.open("file://"+file, width)
		is("nothing scrolls sideways", "document.documentElement.scrollWidth <= innerWidth", "true")
		is("areas are in proportion", `(() => {
			const nodes = JSON.parse(document.getElementById('data').textContent).nodes, map = document.getElementById('map');
			const tiles = [...map.children];
			return tiles.length === 6 && tiles.every(e => Math.abs(parseFloat(e.style.width) * parseFloat(e.style.height) /
				(map.clientWidth * map.clientHeight) / (nodes[e.dataset.node].v[0] / nodes[0].v[0]) - 1) < .01);
		})()`, "true")
		if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
			b.shot(filepath.Join(dir, "shot-"+b.eval("innerWidth")+".png"))
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
	is("text stands out, in the light", contrast, "[]")
	is("dark", "(document.documentElement.dataset.theme = 'dark', getComputedStyle(document.body).backgroundColor)", "rgb(20, 24, 30)")
	is("text stands out, in the dark", contrast, "[]")
	if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
		b.shot(filepath.Join(dir, "shot-dark.png"))
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"})
	is("paper is white, even from the dark", "getComputedStyle(document.body).backgroundColor", "rgb(255, 255, 255)")
	is("all rows are on paper", "[...document.querySelectorAll('table.grid tbody tr')].every(e => e.checkVisibility())", "true")
	is("text stands out on paper", contrast, "[]")
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": ""})
	for _, e := range b.events {
		if !strings.Contains(e, `"url":"file://`) || !strings.HasPrefix(e, "Network.") {
			t.Errorf("the page is not quiet: %.300s", e)
		}
	}
	if len(b.events) == 0 {
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
	b := start(t)
	for _, width := range []int{400, 1280} {
		b.open("file://"+file, width)
		for script, want := range map[string]string{
			"document.documentElement.scrollWidth <= innerWidth":  "true",
			"document.querySelectorAll('tr[data-node]').length":   "1000",
			"document.getElementById('map').children.length > 20": "true",
			"[...document.getElementById('map').children].every(e => e.offsetWidth >= 0 && e.offsetLeft + e.offsetWidth <= document.getElementById('map').clientWidth + 1)": "true",
		} {
			if got := b.eval(script); got != want {
				t.Errorf("at %d pixels, %s is %s, want %s", width, script, got, want)
			}
		}
		if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
			b.shot(filepath.Join(dir, "shot-1000-"+b.eval("innerWidth")+".png"))
		}
	}
}

// contrast lists texts that stand out less than WCAG 2.2 AA asks for: 4.5 times, or 3
// if they are large.
const contrast = `(() => {
	const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
	const lum = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)); };
	const behind = e => {
		if (!e) return [255, 255, 255];
		const c = parse(getComputedStyle(e).backgroundColor);
		return c.length && (c[3] ?? 1) > 0 ? (c[3] ?? 1) < 1 ? over(c, behind(e.parentElement)) : c : behind(e.parentElement);
	};
	const bad = new Set();
	let looked = 0;
	for (const e of document.querySelectorAll('body *')) {
		if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
		looked++;
		const style = getComputedStyle(e), size = parseFloat(style.fontSize), back = behind(e);
		const [a, b] = [lum(over(parse(style.color), back)), lum(back)].sort((x, y) => y - x);
		const ratio = (a + .05) / (b + .05);
		if (ratio < (size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5)) bad.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2) + ' ' + e.textContent.slice(0, 20));
	}
	return looked < 100 ? 'only ' + looked + ' texts' : JSON.stringify([...bad].slice(0, 12));
})()`

// shot writes a picture of the page, for people.
func (b *browser) shot(file string) {
	b.t.Helper()
	var r struct{ Data []byte }
	json.Unmarshal(b.call("Page.captureScreenshot", nil), &r)
	if err := os.WriteFile(file, r.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
