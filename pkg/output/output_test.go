package output_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 10 << 10: "10 KiB",
		20 << 20: "20 MiB", 1<<20 - 1: "1.0 MiB", 1 << 62: "4.0 EiB", -2048: "-2.0 KiB"} {
		if got := output.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestMachineFormats(t *testing.T) {
	v := map[string]any{"a": 1, "b": "<x> & y"}
	for _, tc := range []struct {
		name  string
		write func(*bytes.Buffer) error
		want  string
	}{
		{"json", func(b *bytes.Buffer) error { return output.JSON(b, v) }, "{\n  \"a\": 1,\n  \"b\": \"<x> & y\"\n}\n"},
		{"yaml", func(b *bytes.Buffer) error { return output.YAML(b, v) }, "a: 1\nb: <x> & y\n"},
	} {
		var b bytes.Buffer
		if err := tc.write(&b); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if b.String() != tc.want {
			t.Errorf("%s = %q, want %q", tc.name, b.String(), tc.want)
		}
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestWriteErrorsAreReported(t *testing.T) {
	table := output.Table{Columns: []output.Column{{Header: "A"}}}
	for name, err := range map[string]error{
		"json": output.JSON(brokenPipe{}, 1),
		"yaml": output.YAML(brokenPipe{}, 1), "table": table.Write(brokenPipe{}, 0),
	} {
		if !errors.Is(err, errPipe) {
			t.Errorf("%s: error = %v, want the writer's", name, err)
		}
	}
}

func TestTable(t *testing.T) {
	table := output.Table{
		Columns: []output.Column{{Header: "NAME", Shrink: true}, {Header: "KEYS", Right: true}, {Header: "NOTE"}},
		Rows:    [][]string{{"short", "1", ""}, {"a-name-that-is-rather-long", "12345", "x"}, {"日本", "7", "wide"}},
	}
	for _, tc := range []struct {
		width int
		want  string
	}{
		{0, "" +
			"NAME                         KEYS  NOTE\n" +
			"short                           1\n" +
			"a-name-that-is-rather-long  12345  x\n" +
			"日本                            7  wide\n"},
		{28, "" +
			"NAME              KEYS  NOTE\n" +
			"short                1\n" +
			"a-name-that-is…  12345  x\n" +
			"日本                 7  wide\n"},
	} {
		var b bytes.Buffer
		if err := table.Write(&b, tc.width); err != nil {
			t.Fatal(err)
		}
		if b.String() != tc.want {
			t.Errorf("width %d:\n%s\nwant:\n%s", tc.width, b.String(), tc.want)
		}
	}
}

func TestNarrowTableKeepsSomethingReadable(t *testing.T) {
	table := output.Table{Columns: []output.Column{{Header: "N", Shrink: true}}, Rows: [][]string{{strings.Repeat("x", 50)}}, NoHeaders: true}
	var b bytes.Buffer
	if err := table.Write(&b, 3); err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(b.String())); n != 8 {
		t.Errorf("the shrunk cell has %d characters, want 8: %q", n, b.String())
	}
}
