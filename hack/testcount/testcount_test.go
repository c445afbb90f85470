package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runModule counts the tests of a module made of files, with the real go test.
func runModule(t *testing.T, files map[string]string) (counter *counter, out string) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.test\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = dir
	events, err := cmd.Output()
	var buffer bytes.Buffer
	c := newCounter(&buffer)
	if err := c.read(bytes.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	c.finish(err)
	return c, buffer.String()
}

const header = "package a\n\nimport \"testing\"\n\n"

func TestCounts(t *testing.T) {
	const good = header + `func TestGood(t *testing.T) { t.Log("a secret of a good test") }` + "\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
		says  []string
	}{
		{"one test", map[string]string{"a_test.go": good}, "1 passed, 0 failed", []string{"ok    example.test  1 passed"}},
		{"subtests count, their parent does not",
			map[string]string{"a_test.go": header + `func Test(t *testing.T) { for _, n := range []string{"a", "b"} { t.Run(n, func(*testing.T) {}) } }`},
			"2 passed, 0 failed", nil},
		{"a failing subtest is one failure",
			map[string]string{"a_test.go": header + `func Test(t *testing.T) { t.Run("a", func(t *testing.T) { t.Error("boom") }); t.Run("b", func(*testing.T) {}) }`},
			"1 passed, 1 failed", []string{"boom", "FAIL  example.test"}},
		{"a parent that fails by itself counts",
			map[string]string{"a_test.go": header + `func Test(t *testing.T) { t.Run("a", func(*testing.T) {}); t.Error("boom") }`},
			"1 passed, 1 failed", []string{"boom"}},
		{"a test that does not build", map[string]string{"a_test.go": good, "b/b_test.go": header + `func Test(t *testing.T) { nonsense }`},
			"1 passed, 1 failed", []string{"undefined: nonsense"}},
		{"a package that does not build", map[string]string{"a_test.go": good, "b/b.go": "package b\n\nfunc f() { nonsense }\n"},
			"1 passed, 1 failed", []string{"undefined: nonsense"}},
		{"vet finds something", map[string]string{"a_test.go": "package a\n\nimport (\n\"fmt\"\n\"testing\"\n)\n\nfunc Test(t *testing.T) { fmt.Printf(\"%d\", \"x\") }\n"},
			"0 passed, 1 failed", []string{"wrong type"}},
		{"a panic", map[string]string{"a_test.go": good + `func TestPanic(t *testing.T) { panic("aaargh") }`},
			"1 passed, 1 failed", []string{"panic: aaargh"}},
		{"TestMain fails", map[string]string{"a_test.go": "package a\n\nimport (\n\"os\"\n\"testing\"\n)\n\nfunc TestMain(m *testing.M) { m.Run(); println(\"leak\"); os.Exit(3) }\nfunc Test(t *testing.T) {}\n"},
			"1 passed, 1 failed", []string{"FAIL  example.test"}},
		{"a skip is visible", map[string]string{"a_test.go": good + `func TestSkip(t *testing.T) { t.SkipNow() }`}, "1 passed, 0 failed, 1 skipped", nil},
		{"no test ran", map[string]string{"a.go": "package a\n"}, "0 passed, 1 failed", []string{"no test ran"}},
		{"go test itself fails", map[string]string{"go.sum": "nonsense\n", "a.go": "package a\n\nimport _ \"golang.org/x/absent\"\n"}, "0 passed, 1 failed", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, out := runModule(t, tc.files)
			if c.String() != tc.want {
				t.Errorf("counted %q, want %q:\n%s", c, tc.want, out)
			}
			for _, want := range tc.says {
				if !strings.Contains(out, want) {
					t.Errorf("the output lacks %q:\n%s", want, out)
				}
			}
			if strings.Contains(out, "a secret of a good test") {
				t.Errorf("printed the log of a test that passed:\n%s", out)
			}
		})
	}
}

func TestEndedInTheMiddle(t *testing.T) {
	var out bytes.Buffer
	c := newCounter(&out)
	if err := c.read(strings.NewReader(`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"half way\n"}
not json
`)); err != nil {
		t.Fatal(err)
	}
	c.finish(nil)
	if c.String() != "1 passed, 1 failed" || !strings.Contains(out.String(), "half way") || !strings.Contains(out.String(), "not json") {
		t.Errorf("counted %q:\n%s", c, &out)
	}
}

func TestCountsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts")
	for range 2 {
		if err := (&counter{passed: 3, failed: 1}).appendTo(path); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "3 1\n3 1\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := (&counter{}).appendTo(filepath.Join(path, "under-a-file")); err == nil {
		t.Error("an unwritable file went unnoticed")
	}
}
