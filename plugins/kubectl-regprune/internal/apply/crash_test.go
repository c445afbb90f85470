package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// These tell this test, started again, which run to go on with, and on which registry.
const (
	childVar = "APPLY_TEST_DIR"
	urlVar   = "APPLY_TEST_URL"
)

// child is a process that may be killed in the middle of a run.
func child(dir string) int {
	base, err := url.Parse(os.Getenv(urlVar))
	if err != nil {
		return 1
	}
	client, err := registry.New(registry.Options{Base: base})
	if err != nil {
		return 1
	}
	r, err := resume(context.Background(), client, dir, apply.Options{UntagByOverwrite: true, Parallel: 3})
	if err != nil || !r.Complete() {
		fmt.Fprintln(os.Stderr, err, r)
		return 1
	}
	return 0
}

// killer starts children and kills them when the server is asked for the nth change.
type killer struct {
	t     *testing.T
	proxy *registrytest.Proxy

	mu   sync.Mutex
	cmd  *exec.Cmd
	seen int // changes
	at   int // the one that kills
	late bool
}

// act kills before or after the server has done what it was asked for.
func (k *killer) act(w http.ResponseWriter, r *http.Request, server http.Handler) {
	k.mu.Lock()
	k.seen++
	mine, late, process := k.seen == k.at, k.late, k.cmd.Process
	k.mu.Unlock()
	if mine && !late {
		_ = process.Kill()
	}
	server.ServeHTTP(w, r)
	if mine && late {
		_ = process.Kill()
	}
}

// run reports whether the child came to its end.
func (k *killer) run(dir string, at int, late bool) bool {
	k.t.Helper()
	cmd := exec.Command(os.Args[0])
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), childVar+"="+dir, urlVar+"="+k.proxy.URL)
	k.mu.Lock()
	k.cmd, k.seen, k.at, k.late = cmd, 0, at, late
	err := cmd.Start()
	k.mu.Unlock()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		return true
	}
	if cmd.ProcessState.Exited() {
		k.t.Fatalf("the child failed:\n%s", stderr.String())
	}
	return false
}

// small has a tag to untag, twins, an index with a shared child, and a signature.
func small(w *world) {
	shared := image("shared")
	w.add("app", image("kept"), "1.0", "old-too")
	doomed := w.add("app", image("doomed"), "old1", "old2")
	w.add("app", registrytest.Signature(doomed), registrytest.AttachedTag(doomed, "sig"))
	w.add("app", registrytest.Index{Manifests: []registrytest.Builder{image("amd64"), shared}}, "old-index")
	w.add("app", registrytest.Index{Manifests: []registrytest.Builder{shared}}, "2.0")
}

// TestKilled kills a run at every change that it makes, before and after the server
// has made it, and resumes.
func TestKilled(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoCache: true})
		fill := func() *world {
			w := newWorld(func(repo string, c *registrytest.Content, tags ...string) {
				if err := registrytest.Write(s.Root, repo, c, tags...); err != nil {
					t.Fatal(err)
				}
			})
			small(w)
			return w
		}
		p := fill().plan(v)
		before := links(t, s)
		want := expected(p, before)
		k := &killer{t: t, proxy: registrytest.Faulty(t, s)}
		k.proxy.Add(registrytest.Rule{Method: "DELETE", Times: -1, Do: k.act}, registrytest.Rule{Method: "PUT", Times: -1, Do: k.act})
		begin := func() string {
			fill()
			if diff := cmp.Diff(before, links(t, s)); diff != "" {
				t.Fatalf("the registry is not as it was:\n%s", diff)
			}
			return save(t, s.Client(), p).Dir
		}
		kills := 0
		for at, ended := 1, false; !ended; at++ {
			for _, late := range []bool{false, true} {
				dir := begin()
				if ended = k.run(dir, at, late); ended {
					break
				}
				kills++
				if !k.run(dir, 0, false) {
					t.Fatal("killed by somebody else")
				}
				if diff := cmp.Diff(want, links(t, s)); diff != "" {
					t.Errorf("killed at change %d, late: %v (-want +got):\n%s", at, late, diff)
				}
			}
		}
		dir := begin()
		again := 0
		for !k.run(dir, 3, again%2 == 0) {
			again++
		}
		if diff := cmp.Diff(want, links(t, s)); diff != "" {
			t.Errorf("killed %d times in a row (-want +got):\n%s", again, diff)
		}
		if kills < 12 || again < 2 {
			t.Errorf("only %d and %d kills", kills, again)
		}
		t.Logf("%d and %d kills", kills, again)
	})
}

// TestJournalOfAnyLength cuts the journal of a finished run at every line, and within
// lines, and spoils lines: what it does not know is asked for again.
func TestJournalOfAnyLength(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		small(w)
		p := w.plan(v)
		want := expected(p, links(t, s))
		client := s.Client()
		b := save(t, client, p)
		first := run(t, client, b, apply.Options{UntagByOverwrite: true})
		name := filepath.Join(b.Dir, "journal.jsonl")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		if len(lines) < 10 {
			t.Fatalf("journal:\n%s", text)
		}
		var journals []string
		for i := range lines {
			whole := strings.Join(lines[:i], "")
			journals = append(journals, whole, whole+lines[i][:len(lines[i])/2], whole+"\x00{}\n"+strings.Join(lines[i:], ""))
		}
		for i, journal := range journals {
			if err := os.WriteFile(name, []byte(journal), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := resume(t.Context(), client, b.Dir, apply.Options{UntagByOverwrite: true})
			if err != nil || !r.Complete() || r.Tags.Planned != first.Tags.Planned || r.Manifests.Planned != first.Manifests.Planned {
				t.Errorf("journal %d: %+v, %v", i, r, err)
			}
		}
		if diff := cmp.Diff(want, links(t, s)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestOneAtATime(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	w := pushed(s)
	small(w)
	b := save(t, s.Client(), w.plan(registrytest.V2))
	if list, err := backup.List(filepath.Dir(b.Dir)); err != nil || len(list) != 0 {
		t.Errorf("a folder with another name is a run: %+v, %v", list, err)
	}
	journal, _, err := b.OpenJournal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply.Run(t.Context(), s.Client(), b, apply.Options{}); err == nil || !strings.Contains(err.Error(), "going on") {
		t.Errorf("error %v", err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
}
