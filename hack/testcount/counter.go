package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of `go test -json`; see `go doc test2json` and, for the build-…
// actions, `go help buildjson`.
type event struct {
	Action      string
	Package     string
	Test        string
	ImportPath  string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

// name identifies what an event is about: a test, a package or a build.
func (e event) name() key { return key{e.Package, e.Test, e.ImportPath} }

type key struct{ pkg, test, build string }

func (k key) parent() (key, bool) {
	i := strings.LastIndexByte(k.test, '/')
	if i < 0 {
		return key{}, false
	}
	k.test = k.test[:i]
	return k, true
}

// children is what is known of a test's subtests.
type children struct{ some, failed bool }

type counter struct {
	out                     io.Writer
	passed, failed, skipped int

	output   map[key][]string // of what has not ended yet
	children map[key]children
	packages map[string]*tally
}

// tally counts the tests of one package.
type tally struct{ passed, failed, skipped int }

func newCounter(out io.Writer) *counter {
	return &counter{out: out, output: map[key][]string{}, children: map[key]children{}, packages: map[string]*tally{}}
}

// read consumes the events of one run of go test.
func (c *counter) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(c.out, "%s", line)
			} else {
				c.add(e)
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the events of go test: %w", err)
		}
	}
}

func (c *counter) add(e event) {
	switch e.Action {
	case "output", "build-output":
		c.output[e.name()] = append(c.output[e.name()], e.Output)
	case "build-fail":
		c.print(e.name())
	case "pass", "fail", "skip":
		if e.Test == "" {
			c.endPackage(e)
		} else {
			c.endTest(e)
		}
	}
}

func (c *counter) endTest(e event) {
	k, failed := e.name(), e.Action == "fail"
	if parent, ok := k.parent(); ok {
		known := c.children[parent]
		c.children[parent] = children{true, known.failed || failed}
	}
	subtests := c.children[k]
	delete(c.children, k)
	if failed {
		c.print(k)
	}
	delete(c.output, k)

	t := c.tally(e.Package)
	switch {
	case failed && !subtests.failed:
		t.failed++
	case subtests.some: // counted already
	case e.Action == "skip":
		t.skipped++
	default:
		t.passed++
	}
}

func (c *counter) endPackage(e event) {
	t := c.tally(e.Package)
	if e.Action == "fail" {
		if t.failed == 0 {
			t.failed = 1 // the build, a panic, the time limit, or TestMain
		}
		c.printPackage(e.Package)
	}
	c.forget(e.Package)
	c.passed, c.failed, c.skipped = c.passed+t.passed, c.failed+t.failed, c.skipped+t.skipped
	delete(c.packages, e.Package)
	switch {
	case e.Action == "fail":
		fmt.Fprintf(c.out, "FAIL  %s  %v  %.1fs\n", e.Package, t, e.Elapsed)
	case t.passed+t.skipped > 0:
		fmt.Fprintf(c.out, "ok    %s  %v  %.1fs\n", e.Package, t, e.Elapsed)
	}
}

// finish makes sure that what ended badly is counted, whatever the events said.
func (c *counter) finish(err error) {
	for name, t := range c.packages { // go test itself was ended
		c.printPackage(name)
		c.passed, c.failed, c.skipped = c.passed+t.passed, c.failed+t.failed+1, c.skipped+t.skipped
	}
	switch {
	case c.failed > 0:
	case err != nil:
		fmt.Fprintf(c.out, "FAIL  go test: %v\n", err)
		c.failed = 1
	case c.passed == 0:
		fmt.Fprintln(c.out, "FAIL  no test ran")
		c.failed = 1
	}
}

func (c *counter) tally(name string) *tally {
	if c.packages[name] == nil {
		c.packages[name] = &tally{}
	}
	return c.packages[name]
}

func (c *counter) print(k key) {
	for _, line := range c.output[k] {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(c.out, line)
		}
	}
	delete(c.output, k)
}

// printPackage prints what the package itself and its unfinished tests wrote.
func (c *counter) printPackage(name string) {
	var keys []key
	for k := range c.output {
		if k.pkg == name {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(a.test, b.test) })
	for _, k := range keys {
		c.print(k)
	}
}

func (c *counter) forget(name string) {
	for k := range c.output {
		if k.pkg == name {
			delete(c.output, k)
		}
	}
}

func (c *counter) String() string {
	return tally{c.passed, c.failed, c.skipped}.String()
}

func (t tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.skipped)
	}
	return s
}

func (c *counter) appendTo(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the file for counts: %w", err)
	}
	_, err = fmt.Fprintf(f, "%d %d\n", c.passed, c.failed)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("writing counts to %q: %w", path, err)
	}
	return nil
}
