package streams

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

func TestSanitize(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain text is untouched", "hello, wörld\t1\n", "hello, wörld\t1\n"},
		{"escape sequence", "\x1b]0;owned\x07", `\x1b]0;owned\x07`},
		{"C1 control", "a\u009bb", `a\x9bb`},
		{"carriage return", "safe\rfake", `safe\x0dfake`},
		{"invalid UTF-8", "a\xff\xfeb", `a\xff\xfeb`},
		{"direction override", "a\u202eb", `a\u202eb`},
		{"delete", "a\x7fb", `a\x7fb`},
		{"replacement character is text", "a\ufffdb", "a\ufffdb"},
		{"NUL", "\x00", `\x00`},
	} {
		if got := Sanitize(tc.in); got != tc.want {
			t.Errorf("%s: Sanitize(%q) = %q, want %q", tc.name, tc.in, got, tc.want)
		}
	}
	if got, want := SanitizeLine("a\nb\tc"), `a\nb\tc`; got != want {
		t.Errorf("SanitizeLine() = %q, want %q", got, want)
	}
}

func FuzzSanitizeLeavesNothingHostile(f *testing.F) {
	f.Add("\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, in string) {
		out := Sanitize(in)
		if strings.IndexFunc(out, hostile) >= 0 || strings.ToValidUTF8(out, "") != out {
			t.Errorf("Sanitize(%q) = %q still holds a control character", in, out)
		}
	})
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.0k", 1234: "1.2k", 9960: "10k", 45678: "46k",
		999_999: "1.0M", 3_400_000: "3.4M", 1 << 40: "1.1T"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestBuffersAreNoTerminal(t *testing.T) {
	s, _, _, errOut := Test()
	if s.InIsTerminal() || s.OutIsTerminal() || s.ErrIsTerminal() || s.UseColor(s.Out) {
		t.Error("a buffer passes for a terminal")
	}
	if s.Width() != 0 {
		t.Errorf("Width() = %d, want 0 for no limit", s.Width())
	}
	NewProgress(s, "scanning", "keys").Update(1, 2)
	if errOut.Len() != 0 {
		t.Errorf("progress wrote %q though nobody looks", errOut)
	}
}

func TestTerminal(t *testing.T) {
	master, tty := openPTY(t)
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 60}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"TERM": "xterm"}
	s := &IO{In: tty, Out: tty, Err: tty, Color: ColorAuto, getenv: func(k string) string { return env[k] }}
	if !s.OutIsTerminal() || s.Width() != 60 || !s.UseColor(s.Out) {
		t.Errorf("terminal=%v width=%d color=%v, want true 60 true", s.OutIsTerminal(), s.Width(), s.UseColor(s.Out))
	}
	env["NO_COLOR"] = "1"
	if s.UseColor(s.Out) {
		t.Error("NO_COLOR is ignored")
	}
	s.Color = ColorAlways
	if !s.UseColor(s.Out) {
		t.Error("--color=always does not win over NO_COLOR")
	}

	p := NewProgress(s, "scanning", "keys")
	p.start = time.Now().Add(-2 * time.Second)
	p.Update(500, 1000)
	p.Update(501, 1000) // within the redraw time: not drawn
	p.Clear()
	buf := make([]byte, 4096)
	n, err := master.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	got := string(buf[:n])
	if !strings.Contains(got, "50%") || !strings.Contains(got, "500/1.0k keys") || strings.Contains(got, "501") {
		t.Errorf("progress line = %q", got)
	}
	for _, line := range strings.Split(got, "\r\x1b[K") {
		if len([]rune(line)) >= 60 {
			t.Errorf("line %q would wrap at 60 columns", line)
		}
	}
}

func openPTY(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = master.Close() })
	return master, tty
}
