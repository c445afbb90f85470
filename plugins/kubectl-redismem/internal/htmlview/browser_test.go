package htmlview_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/htmlview"
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
	is("dark", "(document.documentElement.dataset.theme = 'dark', getComputedStyle(document.body).backgroundColor)", "rgb(20, 24, 30)")
	if dir := os.Getenv("HTMLVIEW_SHOTS"); dir != "" {
		b.shot(filepath.Join(dir, "shot-dark.png"))
	}
	for _, e := range b.events {
		if !strings.Contains(e, `"url":"file://`) || !strings.HasPrefix(e, "Network.") {
			t.Errorf("the page is not quiet: %.300s", e)
		}
	}
	if len(b.events) == 0 {
		t.Error("not even the page itself was seen being loaded: nothing was watched")
	}
}

// shot writes a picture of the page, for people.
func (b *browser) shot(file string) {
	b.t.Helper()
	var r struct{ Data []byte }
	json.Unmarshal(b.call("Page.captureScreenshot", nil), &r)
	if err := os.WriteFile(file, r.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
