package pick

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

func targets(n int) []resolve.Target {
	var all []resolve.Target
	for i := range n {
		all = append(all, resolve.Target{
			Namespace: "shop", Pod: fmt.Sprintf("web-6b7f9c-%04d", i), Container: "app",
			Node: fmt.Sprintf("node-%d", i%7), Workload: "deployment/web",
		})
	}
	return all
}

func typed(m *model, text string) {
	for _, r := range text {
		m.press(key{keyText, string(r)}, 10)
	}
}

func TestTypingNarrowsDown(t *testing.T) {
	for _, c := range []struct {
		typed   string
		matches int
		first   int
	}{
		{"", 1000, 0},
		{"0042", 1, 42},
		{"WEB 0999", 1, 999},
		{"node-6 099", 1, 993}, // the only one of 0099 and 0990 to 0999
		{"no such pod", 0, -1},
	} {
		m := newModel(Targets(targets(1000)))
		typed(m, c.typed)
		row, ok := m.chosen()
		if !ok {
			row = -1
		}
		if len(m.matches) != c.matches || row != c.first {
			t.Errorf("after %q: %d rows match and the cursor is on %d; want %d and %d", c.typed, len(m.matches), row, c.matches, c.first)
		}
	}
}

func TestNumberPutsTheCursorThere(t *testing.T) {
	m := newModel(Targets(targets(30)))
	typed(m, "17") // no pod's name or node has it but web-…-0017, row 18
	if row, _ := m.chosen(); row != 16 {
		t.Errorf("the cursor is on row %d, want the one with the number 17", row+1)
	}
	m.press(key{name: keyErase}, 10)
	m.press(key{name: keyErase}, 10)
	if len(m.matches) != 30 || m.filter != "" {
		t.Errorf("%d rows, filter %q after erasing", len(m.matches), m.filter)
	}
}

func TestCursorStaysInTheWindow(t *testing.T) {
	m := newModel(Targets(targets(1000)))
	s := size{80, 24}
	for i, k := range []name{keyDown, keyPageDown, keyPageDown, keyUp, keyEnd, keyDown, keyPageUp, keyHome, keyUp, keyEnd} {
		m.press(key{name: k}, s.page())
		lines := m.view(s)
		row, _ := m.chosen()
		shown := 0
		for _, l := range lines {
			if strings.HasPrefix(l, ">") && strings.Contains(l, m.table.Rows[row][0]) {
				shown++
			}
		}
		if shown != 1 || len(lines) != 24 {
			t.Errorf("step %d: row %d is shown %d times in %d lines", i, row, shown, len(lines))
		}
	}
	if row, _ := m.chosen(); row != 999 {
		t.Errorf("End leads to row %d", row)
	}
}

func TestViewFitsEveryWindow(t *testing.T) {
	for _, s := range []size{{80, 24}, {200, 60}, {40, 10}, {20, 5}, {20, 3}, {10, 2}} {
		m := newModel(Targets(targets(1000)))
		typed(m, "web")
		lines := m.view(s)
		if len(lines) > s.height {
			t.Errorf("%v: %d lines", s, len(lines))
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) >= s.width {
				t.Errorf("%v: %q is too wide", s, l)
			}
		}
		if all := strings.Join(lines, "\n"); s.width >= 20 && !strings.Contains(all, "00") {
			t.Errorf("%v: the end of the pod's name is not shown:\n%s", s, all)
		}
	}
}

func TestNarrowWindowDropsColumns(t *testing.T) {
	m := newModel(Targets(targets(9)))
	if wide := m.view(size{80, 24})[1]; wide != "     POD              CONTAINER  NODE" {
		t.Errorf("header %q", wide)
	}
	if narrow := m.view(size{36, 24})[1]; narrow != "     POD              CONTAINER" {
		t.Errorf("header %q", narrow)
	}
}

func TestColumnsThatTellNothingApartAreLeftOut(t *testing.T) {
	two := targets(2)
	if got := strings.Join(Targets(two).Header, " "); got != "POD CONTAINER NODE" {
		t.Errorf("header %q", got)
	}
	two[1].Namespace, two[1].Context = "bank", "prod"
	if got := strings.Join(Targets(two).Header, " "); got != "POD CONTAINER NAMESPACE CONTEXT NODE" {
		t.Errorf("header %q", got)
	}
}

func TestHostileCellsAreHarmless(t *testing.T) {
	m := newModel(Table{Title: "pods", Header: []string{"POD"}, Rows: [][]string{{"a\x1b]0;owned\x07\nb"}}})
	if all := strings.Join(m.view(size{80, 24}), ""); strings.ContainsAny(all, "\x1b\x07\n") {
		t.Errorf("the terminal would get %q", all)
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{{"web-0", 5, "web-0"}, {"web-6b7f9c-0042", 9, "web-…0042"}, {"abc", 2, "a…"}, {"abc", 1, "…"}} {
		if got := shorten(c.text, c.width); got != c.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	for input, want := range map[string]key{
		"a": {keyText, "a"}, "é": {keyText, "é"}, " ": {keyText, " "},
		"\x03": {name: keyInterrupt}, "\r": {name: keyEnter}, "\x7f": {name: keyErase},
		"\x1b[A": {name: keyUp}, "\x1bOB": {name: keyDown}, "\x1b[6~": {name: keyPageDown},
		"\x1b[1;5A": {name: keyOther}, "\x00": {name: keyOther}, "\xff": {name: keyOther},
	} {
		k, rest, ok := parse(input)
		if k != want || rest != "" || !ok {
			t.Errorf("parse(%q) = %+v, rest %q, %t; want %+v", input, k, rest, ok, want)
		}
	}
	for _, input := range []string{"\x1b", "\x1b[", "\x1b[1;", "\xc3"} {
		if k, rest, ok := parse(input); ok || rest != input {
			t.Errorf("parse(%q) = %+v, rest %q: it is not complete", input, k, rest)
		}
	}
}
