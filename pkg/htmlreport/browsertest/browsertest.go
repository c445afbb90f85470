// Package browsertest opens a page in a real browser, for tests. Nothing that ships
// uses it.
//
// It talks to chromium over its debugging pipe, so that no port is opened, and
// watches what the page says to the console and asks of the network.
package browsertest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Browser is one tab of a browser. It ends with the test.
type Browser struct {
	// Events are the exceptions, messages, dialogs and requests of pages, in the order
	// in which they were seen: the method of the protocol, and its parameters.
	Events []string

	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// Start starts chromium. The test fails, naming the package, if it is not installed.
func Start(t *testing.T) *Browser {
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
	if err := out.SetReadDeadline(time.Now().Add(90 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		b.session = ""
		b.send("Browser.close", nil)
		if err := cmd.Wait(); err != nil {
			t.Logf("chromium: %v", err)
		}
		in.Close()
		out.Close()
	})
	return b
}

func (b *Browser) send(method string, params any) {
	b.id++
	m := map[string]any{"id": b.id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	text, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Errorf("write to chromium: %v", err)
	}
}

func (b *Browser) read() message {
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
		b.Events = append(b.Events, m.Method+" "+string(m.Params))
	}
	return m
}

// Call is one call of the DevTools protocol. The test fails if the browser refuses.
func (b *Browser) Call(method string, params any) json.RawMessage {
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

// Open shows the page in a file, width pixels wide, and waits until it is loaded.
func (b *Browser) Open(file string, width int) {
	b.t.Helper()
	if b.session == "" {
		var target struct{ TargetID, SessionID string }
		b.decode(b.Call("Target.createTarget", map[string]any{"url": "about:blank"}), &target)
		b.decode(b.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &target)
		b.session = target.SessionID
		for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
			b.Call(domain+".enable", nil)
		}
	}
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1500, "deviceScaleFactor": 1, "mobile": false})
	b.send("Page.navigate", map[string]any{"url": "file://" + file})
	for b.read().Method != "Page.loadEventFired" {
	}
}

func (b *Browser) decode(text json.RawMessage, into any) {
	b.t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		b.t.Fatal(err)
	}
}

// Eval is what an expression of JavaScript gives, as a text. The test fails if it
// throws.
func (b *Browser) Eval(script string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.decode(b.Call("Runtime.evaluate", map[string]any{"expression": "String(" + script + ")", "returnByValue": true}), &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", script, r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value)
}

// Shot writes a picture of the whole page, for people.
func (b *Browser) Shot(file string) {
	b.t.Helper()
	var r struct{ Data []byte }
	b.decode(b.Call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}), &r)
	if err := os.WriteFile(file, r.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
