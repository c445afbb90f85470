package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

const root = "../.."

// TestRepository holds this repository to its own rules.
func TestRepository(t *testing.T) {
	sources := readRepository(t)
	if len(sources) < 20 {
		t.Fatalf("found only %d files: looking in the wrong place", len(sources))
	}
	findings, err := Check(sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		t.Error(finding)
	}
	reportSizes(t, sources)
}

// want is a comment in testdata/bad.txtar: the rule that the line breaks.
var want = regexp.MustCompile(`(?:// |# )want ([a-z-]+)`)

// TestRulesFindBreaches checks the checker: in bad.txtar every breach is marked
// on its line, or, for a breach of the whole file, in the line "want-file RULE"
// before the file; nothing else may be found.
func TestRulesFindBreaches(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/bad.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var sources []Source
	var expected []string
	for _, f := range archive.Files {
		text := strings.ReplaceAll(string(f.Data), "LOCAL", "/"+"root/main")
		sources = append(sources, Source{f.Name, text})
		for i, line := range strings.Split(text, "\n") {
			for _, match := range want.FindAllStringSubmatch(line, -1) {
				expected = append(expected, fmt.Sprintf("%s:%d %s", f.Name, i+1, match[1]))
			}
		}
	}
	for _, line := range strings.Split(string(archive.Comment), "\n") {
		if breach, ok := strings.CutPrefix(line, "want-file "); ok {
			expected = append(expected, breach)
		}
	}
	findings, err := Check(sources)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	rules := map[string]bool{}
	for _, finding := range findings {
		got = append(got, fmt.Sprintf("%s:%d %s", finding.Path, finding.Line, finding.Rule))
		rules[finding.Rule] = true
	}
	slices.Sort(expected)
	slices.Sort(got)
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
	if len(rules) < 12 {
		t.Errorf("only %d rules have a bad sample: %v", len(rules), rules)
	}
}

func TestSourceThatDoesNotParse(t *testing.T) {
	if _, err := Check([]Source{{"pkg/x/x.go", "package"}}); err == nil {
		t.Error("nonsense passed as Go")
	}
}

// readRepository reads all text files of the checkout but those that a build or
// a download made.
func readRepository(t *testing.T) []Source {
	t.Helper()
	skip := []string{".git", "bin", "dist", "node_modules", "testdata"}
	var sources []Source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains(skip, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || entry.Name() == "go.sum" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err == nil && utf8.Valid(text) {
			sources = append(sources, Source{filepath.ToSlash(relative), string(text)})
		}
		return err
	})
	if err != nil {
		t.Fatalf("reading the repository: %v", err)
	}
	return sources
}

// reportSizes lists what has grown beyond the sizes we aim at. They are habits,
// not rules: a report keeps them in view and breaks nobody's build.
func reportSizes(t *testing.T, sources []Source) {
	t.Helper()
	const maxFile, maxFunction = 250, 40
	for _, s := range sources {
		if !strings.HasSuffix(s.Path, ".go") || strings.HasSuffix(s.Path, "_test.go") {
			continue
		}
		if n := strings.Count(s.Text, "\n"); n > maxFile {
			t.Logf("size: %s has %d lines (aim: %d)", s.Path, n, maxFile)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, s.Path, s.Text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > maxFunction {
					t.Logf("size: %s: %s has %d lines (aim: %d)", s.Path, f.Name.Name, n, maxFunction)
				}
			}
		}
	}
}
