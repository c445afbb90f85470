// Package house checks the rules of this repository that a program can check:
// which package may import which, and what no file may contain.
//
// [Check] is a pure function over sources, so that the rules are themselves
// tested on bad samples (testdata/bad.txtar); the package's test then runs it
// over the checkout. CONTRIBUTING.md says the same rules in words.
package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Module is the import path of this repository.
const Module = "github.com/kubectl-suite/kubectl-suite"

// Source is one text file: Path is relative to the root, with slashes.
type Source struct {
	Path string
	Text string
}

// Finding is one breach of a rule.
type Finding struct {
	Path string
	Line int // from 1; 0 means the file or package as a whole
	Rule string
	Text string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", f.Path, f.Line, f.Text, f.Rule)
}

// file is a parsed Go source.
type file struct {
	Source
	*ast.File
	fset *token.FileSet
}

func (f file) dir() string       { return path.Dir(f.Path) }
func (f file) isTest() bool      { return strings.HasSuffix(f.Path, "_test.go") }
func (f file) isMain() bool      { return f.Name.Name == "main" }
func (f file) at(n ast.Node) int { return f.fset.Position(n.Pos()).Line }

// isTestSupport tells code that only ever runs in tests or on a developer's
// machine from code that ships.
func (f file) isTestSupport() bool {
	return f.isTest() || within(f.dir(), "pkg/kubetest") || within(f.dir(), "pkg/redisconn/redistest") ||
		within(f.dir(), "hack") || within(f.dir(), "test")
}

// within reports whether dir is folder or below it.
func within(dir, folder string) bool {
	return dir == folder || strings.HasPrefix(dir, folder+"/")
}

// Check returns every breach in sources, by path and line.
func Check(sources []Source) ([]Finding, error) {
	var findings []Finding
	var files []file
	for _, source := range sources {
		findings = append(findings, checkText(source)...)
		if !strings.HasSuffix(source.Path, ".go") {
			continue
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, source.Path, source.Text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parsing %q: %w", source.Path, err)
		}
		files = append(files, file{source, parsed, fset})
	}
	for _, f := range files {
		findings = append(findings, checkImports(f)...)
		findings = append(findings, checkCode(f)...)
	}
	findings = append(findings, checkPackageComments(files)...)
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return findings, nil
}
