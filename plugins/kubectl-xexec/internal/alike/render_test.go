package alike

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// fleet is members with what they wrote.
type fleet struct {
	members []Member
	ids     []Identity
	out     [][2]string
	masks   Masks
}

func (f *fleet) add(id Identity, v Verdict, stdout, stderr string) {
	f.ids = append(f.ids, id)
	f.out = append(f.out, [2]string{stdout, stderr})
	f.members = append(f.members, Member{Name: id.Pod, Verdict: v, Sum: sumOf(id, f.masks, v, stdout, stderr)})
}

func (f *fleet) source(i int) (Output, error) {
	return Output{Identity: f.ids[i], Stdout: strings.NewReader(f.out[i][0]), Stderr: strings.NewReader(f.out[i][1])}, nil
}

func pod(i int) Identity {
	return Identity{Pod: fmt.Sprintf("web-%d", i), IP: fmt.Sprintf("10.0.0.%d", i), Node: fmt.Sprintf("node-%d", i%3), Workload: "statefulset/web"}
}

// twoHundred is a fleet of which two pods differ, one is lost, one never started.
func twoHundred() *fleet {
	f := &fleet{masks: Time}
	for i := range 198 {
		switch i {
		case 42, 77:
			f.add(pod(i), failed, fmt.Sprintf("10:00:%02d start of web-%d on node-%d\nworkers: 4\ncache: off\n", i%60, i, i%3),
				"cat: can't open '/etc/app': No such file or directory\nno cache\n")
		default:
			f.add(pod(i), ok, fmt.Sprintf("10:00:%02d start of web-%d on node-%d\nworkers: 4\ncache: on\n", i%60, i, i%3), "")
		}
	}
	f.add(pod(198), Verdict{Outcome: "lost", Code: Unknown, Reason: "connection to 10.0.0.198 reset"}, "10:00:01 start of web-198 on node-0\nwork", "")
	f.add(pod(199), Verdict{Outcome: "not-started", Code: Unknown, Reason: "no container \"app\""}, "", "")
	return f
}

// hostile is a fleet whose output would draw on the terminal if it were let.
func hostile() *fleet {
	f := &fleet{}
	const end = "\x1b]0;owned\x07\x1b[31mred\x00\xff\r\n100% %s\tok\n"
	f.add(Identity{Pod: "evil-7d4b9f8c6d-x2x4z"}, ok, "── 200 pods · exit 0 ──\n"+end+"no newline", "\u202eerr")
	f.add(Identity{Pod: "evil-7d4b9f8c6d-bvnm5"}, ok, "── 200 pods · exit 0 ──\n"+end+"no newline\n", "\u202eerr\n")
	return f
}

func quiet() *fleet {
	f := &fleet{}
	for i := range 3 {
		f.add(pod(i), ok, "", "")
	}
	return f
}

// manyLines is a fleet with long output that differs in three places.
func manyLines() *fleet {
	f := &fleet{}
	text := func(odd bool) string {
		var b strings.Builder
		for line := range 3000 {
			if odd && (line == 1000 || line == 1005 || line == 2500) {
				fmt.Fprintf(&b, "odd %d\n", line)
				continue
			}
			fmt.Fprintf(&b, "line %d\n", line)
		}
		return b.String()
	}
	for i := range 5 {
		f.add(pod(i), ok, text(i == 3), "")
	}
	return f
}

// deployment is a fleet with many random names and an outlier that says nothing.
func deployment() *fleet {
	f := &fleet{}
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	for i := range 120 {
		end := string([]byte{letters[i%27], letters[i*7%27], letters[i/27], letters[i*11%27], letters[i*5%27]})
		text := "ok\n"
		if i%40 == 13 {
			text = "degraded"
		}
		f.add(Identity{Pod: "checkout-7d4b9f8c6d-" + end, Workload: "deployment/checkout"}, ok, text, "")
	}
	return f
}

// wide is a fleet that writes one long line each, with a small difference.
func wide() *fleet {
	f := &fleet{}
	for i := range 4 {
		level := "info"
		if i == 2 {
			level = "debug"
		}
		f.add(pod(i), ok, fmt.Sprintf("{%s\"level\":\"%s\",%s}\nshort\n{%s}\n", strings.Repeat("\"a\":\"ä\",", 40), level, strings.Repeat("\"b\":2,", 40), strings.Repeat("\"c\":3,", 40)), "")
	}
	return f
}

type renderer func(io.Writer, []Group, Source, Options) error

func TestGolden(t *testing.T) {
	people80 := Options{Width: 80, Terminal: true, MaxLines: 8, SeeAll: "--max-lines 0 shows all"}
	people200, colored, machine := people80, people80, Options{}
	people200.Width = 200
	colored.Color = true
	for _, tc := range []struct {
		name    string
		fleet   *fleet
		render  renderer
		options Options
	}{
		{"fleet-80", twoHundred(), Render, people80},
		{"fleet-200", twoHundred(), Render, people200},
		{"fleet-color", twoHundred(), Render, colored},
		{"fleet-pipe", twoHundred(), Render, machine},
		{"fleet-diff", twoHundred(), RenderDiff, people80},
		{"fleet-diff-color", twoHundred(), RenderDiff, colored},
		{"fleet-diff-pipe", twoHundred(), RenderDiff, machine},
		{"hostile-80", hostile(), Render, people80},
		{"hostile-pipe", hostile(), Render, machine},
		{"hostile-diff", hostile(), RenderDiff, people80},
		{"quiet", quiet(), Render, people80},
		{"quiet-diff", quiet(), RenderDiff, people80},
		{"lines-80", manyLines(), Render, people80},
		{"lines-diff", manyLines(), RenderDiff, people80},
		{"lines-diff-all", manyLines(), RenderDiff, machine},
		{"wide-diff", wide(), RenderDiff, people80},
		{"deployment-80", deployment(), Render, people80},
		{"deployment-200", deployment(), Render, people200},
		{"deployment-40", deployment(), RenderDiff, Options{Width: 40, Terminal: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := tc.options
			o.Masks = tc.fleet.masks
			var got bytes.Buffer
			if err := tc.render(&got, GroupBy(tc.fleet.members), tc.fleet.source, o); err != nil {
				t.Fatal(err)
			}
			golden(t, tc.name, got.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run go test -update if this is as it should be (-want +got):\n%s", diff)
	}
}

// TestRenderIsByteExact checks what a program reads: the output of one group is in
// it byte for byte, whatever the pieces it is read in.
func TestRenderIsByteExact(t *testing.T) {
	body := "a\r\n\x00\xff\x1b[1m%d\n" + strings.Repeat("ü", 100_000) + "\n"
	f := &fleet{}
	f.add(pod(0), ok, body, "")
	source := func(int) (Output, error) {
		return Output{Identity: pod(0), Stdout: iotest.OneByteReader(strings.NewReader(body))}, nil
	}
	var got bytes.Buffer
	if err := Render(&got, GroupBy(f.members), source, Options{}); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(got.String(), "\nweb-0\n")
	if rest != body {
		t.Errorf("%d bytes became %d", len(body), len(rest))
	}
	got.Reset()
	if err := Render(&got, GroupBy(f.members), source, Options{Terminal: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "  "+strings.Repeat("ü", 100_000)+"\n") {
		t.Error("characters are cut in two on a terminal")
	}
}

func TestRenderReportsWhatCannotBeReadOrWritten(t *testing.T) {
	f := quiet()
	broken := errors.New("disk on fire")
	groups := GroupBy(append(f.members, member(7, failed, "x\n", "")))
	for name, source := range map[string]Source{
		"opening": func(int) (Output, error) { return Output{}, broken },
		"reading": func(int) (Output, error) {
			return Output{Stdout: io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken))}, nil
		},
	} {
		for _, render := range []renderer{Render, RenderDiff} {
			err := render(io.Discard, groups, source, Options{})
			if !errors.Is(err, broken) || !strings.Contains(err.Error(), `"web-`) {
				t.Errorf("%s fails with %v, want %v and a name", name, err, broken)
			}
		}
	}
	f.members, f.ids, f.out = append(f.members, f.members[0]), append(f.ids, f.ids[0]), append(f.out, f.out[0])
	for _, render := range []renderer{Render, RenderDiff} {
		if err := render(failing{}, GroupBy(f.members), f.source, Options{}); err == nil {
			t.Error("an error of the writer is lost")
		}
	}
}

type closer struct {
	io.Reader
	closed *int
}

func (c closer) Close() error { *c.closed++; return nil }

func TestRenderClosesWhatItOpens(t *testing.T) {
	f := twoHundred()
	opened, closed := 0, 0
	source := func(i int) (Output, error) {
		out, _ := f.source(i)
		opened += 2
		out.Stdout, out.Stderr = closer{out.Stdout, &closed}, closer{out.Stderr, &closed}
		return out, nil
	}
	groups := GroupBy(f.members)
	for _, render := range []renderer{Render, RenderDiff} {
		if err := render(io.Discard, groups, source, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if opened != closed || opened != 2*len(groups)+2*2*(len(groups)-1) {
		t.Errorf("%d opened, %d closed", opened, closed)
	}
}
