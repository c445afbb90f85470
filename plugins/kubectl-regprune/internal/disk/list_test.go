package disk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// tools makes a folder of the named programs: those of busybox, or none.
func tools(t *testing.T, programs ...string) disktest.Local {
	t.Helper()
	dir := t.TempDir()
	if _, err := os.Stat("/bin/busybox"); err != nil {
		t.Fatalf("looking for busybox (Debian package busybox-static): %v", err)
	}
	for _, name := range programs {
		if err := os.Symlink("/bin/busybox", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return disktest.Local{Env: []string{"PATH=" + dir}}
}

// busybox has no PATH of this machine, so that nothing else is found.
func busybox(t *testing.T) disk.Runner {
	r := tools(t, "sh", "find", "stat", "grep", "df", "cat", "tr", "sed", "sort", "readlink")
	return inShell{r, strings.TrimPrefix(r.Env[0], "PATH=") + "/sh"}
}

// inShell runs a shell by its path, as exec looks it up in the test's own PATH.
type inShell struct {
	disktest.Local
	shell string
}

func (r inShell) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	return r.Local.Run(ctx, append([]string{r.shell}, argv[1:]...), stdin, stdout)
}

func runners(t *testing.T) map[string]disk.Runner {
	return map[string]disk.Runner{"GNU": disktest.Local{}, "busybox": busybox(t)}
}

func write(t *testing.T, root, path, content string) {
	t.Helper()
	file := filepath.Join(root, "docker/registry/v2", path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func image(layers ...string) registrytest.Image {
	var i registrytest.Image
	for _, text := range layers {
		i.Layers = append(i.Layers, registrytest.Layer(text, 500))
	}
	return i
}

func TestListRealRegistries(t *testing.T) {
	for _, v := range registrytest.Versions {
		s := registrytest.Start(t, v, registrytest.Options{})
		one := s.Push("team/app", image("base", "one"), "1")
		two := s.Push("team/app", image("base", "two"), "2")
		index := s.Push("deep/er/name", registrytest.Index{Manifests: []registrytest.Builder{image("amd64")}}, "_layers")
		s.Delete("team/app", one.Digest)
		s.Push("gone", image("three"), "x")
		gone := s.Push("gone", image("four"), "x")
		s.Delete("gone", gone.Digest)
		if _, err := s.Do("POST", "/v2/only/uploads/blobs/uploads/", 202, nil); err != nil {
			t.Fatal(err)
		}
		for name, run := range runners(t) {
			t.Run(string(v)+" "+name, func(t *testing.T) {
				l, err := disk.List(t.Context(), run, s.Root)
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]string{}
				for _, r := range l.Repositories {
					got[r.Name] = fmt.Sprintf("%d revisions, %d tags, %d uploads, manifests %v, %q", len(r.Revisions), len(r.Tags), r.Uploads.Count, r.Manifests, r.Problems)
				}
				for repo, want := range map[string]string{
					"team/app":     "1 revisions, 1 tags, 0 uploads, manifests true, []",
					"deep/er/name": "2 revisions, 1 tags, 0 uploads, manifests true, []",
					"gone":         "1 revisions, 0 tags, 0 uploads, manifests true, []",
					"only/uploads": "0 revisions, 0 tags, 1 uploads, manifests false, []",
				} {
					if got[repo] != want {
						t.Errorf("%s: %s; want %s", repo, got[repo], want)
					}
				}
				if len(got) != 4 || len(l.Problems) > 0 || l.Free <= 0 || l.Total < l.Free {
					t.Errorf("%d repositories, problems %q, %d of %d bytes free", len(got), l.Problems, l.Free, l.Total)
				}
				if !maps.Equal(l.Blobs, s.BlobFiles()) || l.Blobs[two.Digest] != two.Descriptor().Size || l.Blobs[one.Digest] != one.Descriptor().Size ||
					l.Blobs[index.Digest] != index.Descriptor().Size {
					t.Errorf("sizes of blobs: %v", l.Blobs)
				}
				if age := time.Since(l.Repository("deep/er/name").Tags["_layers"]); age < 0 || age > time.Minute {
					t.Errorf("the tag _layers was pushed %v ago", age)
				}
				if age := time.Since(l.Repository("only/uploads").Uploads.Oldest); age < 0 || age > time.Minute {
					t.Errorf("the upload began %v ago", age)
				}
			})
		}
	}
}

func hex(n int) string { return fmt.Sprintf("%064x", n) }

// damaged is a tree with everything that a server fails on.
func damaged(t *testing.T) string {
	root := t.TempDir()
	good := func(repo string, n int) {
		write(t, root, fmt.Sprintf("repositories/%s/_manifests/revisions/sha256/%s/link", repo, hex(n)), "sha256:"+hex(n))
		write(t, root, fmt.Sprintf("blobs/sha256/00/%s/data", hex(n)), "{}")
	}
	good("a/b", 1)
	good("a/b", 2)
	good("no/folders", 3)
	write(t, root, "repositories/a/b/_manifests/tags/t/current/link", "sha256:"+hex(1))
	write(t, root, "repositories/a/b/_manifests/tags/t/index/sha256/"+hex(1)+"/link", "")
	write(t, root, "repositories/a/b/_manifests/tags/zero/current/link", "")
	write(t, root, "repositories/a/b/_manifests/revisions/sha256/"+hex(2)+"/link", strings.Repeat("\x00", 71))
	write(t, root, "repositories/a/b/_manifests/revisions/sha256/"+hex(4)+"/link", "sha256:"+hex(4))
	write(t, root, "repositories/a/b/_manifests/revisions/sha256/"+hex(5)+"/link", "sha256:"+hex(5))
	write(t, root, "blobs/sha256/00/"+hex(5)+"/data", "")
	write(t, root, "repositories/a/b/_layers/sha256/"+hex(6)+"/link", "")
	write(t, root, "blobs/sha256/00/what is this/data", "x")
	return root
}

func TestDamage(t *testing.T) {
	root := damaged(t)
	for name, run := range runners(t) {
		t.Run(name, func(t *testing.T) {
			l, err := disk.List(t.Context(), run, root)
			if err != nil {
				t.Fatal(err)
			}
			problems := strings.Join(append(l.Repository("a/b").Problems, l.Problems...), "\n")
			for _, want := range []string{
				"manifest sha256:" + hex(2) + " is damaged", "sha256:" + hex(4) + " is linked, but its file is missing",
				"manifest sha256:" + hex(5) + " is an empty file", "blob sha256:" + hex(5) + " is an empty file",
				"layer link sha256:" + hex(6) + " is empty", `tag "zero" is damaged`, `what is this/data" is no blob`,
			} {
				if !strings.Contains(problems, want) {
					t.Errorf("%q is not among the problems:\n%s", want, problems)
				}
			}
			if n := strings.Count(problems, "\n"); n != 6 {
				t.Errorf("%d problems:\n%s", n+1, problems)
			}
			if got := l.Repository("no/folders").Problems; len(got) != 2 {
				t.Errorf("missing folders: %q", got)
			}
			if r := l.Repository("a/b"); len(r.Revisions) != 2 || len(r.Tags) != 2 {
				t.Errorf("revisions %v, tags %v", r.Revisions, r.Tags)
			}
		})
	}
}

func TestInto(t *testing.T) {
	root := damaged(t)
	l, err := disk.List(t.Context(), disktest.Local{}, root)
	if err != nil {
		t.Fatal(err)
	}
	only := "sha256:" + hex(9)
	g := &graph.Registry{Repositories: []*graph.Repository{
		{Name: "a/b", Tags: []graph.Tag{{Name: "new"}, {Name: "t", Digest: "sha256:" + hex(1)}}, Linked: []string{only}},
		{Name: "z"},
	}}
	if added := l.Into(g); fmt.Sprint(added) != "[no/folders]" {
		t.Errorf("added %q", added)
	}
	ab := g.Repository("a/b")
	if got, want := fmt.Sprint(ab.Linked), fmt.Sprint([]string{"sha256:" + hex(1), "sha256:" + hex(5), only}); got != want {
		t.Errorf("linked %s, want %s", got, want)
	}
	if !ab.Complete || g.Repository("z").Complete || !g.Repository("no/folders").Complete || g.Complete() {
		t.Error("what is complete is wrong")
	}
	if ab.Tags[1].Pushed.IsZero() || !ab.Tags[0].Pushed.IsZero() || ab.Pushed["sha256:"+hex(1)].IsZero() || len(ab.Problems) == 0 {
		t.Errorf("%+v", ab)
	}
	if size, ok := g.Size("sha256:" + hex(1)); !ok || size != 2 || g.Repositories[1].Name != "no/folders" {
		t.Errorf("size %d %v, repositories %v", size, ok, g.Repositories)
	}
}

func TestWhatCannotBeListed(t *testing.T) {
	root := damaged(t)
	empty := t.TempDir()
	closed := damaged(t)
	noGrep := tools(t, "sh", "find", "stat")
	cut := func(keep string) disk.Runner {
		return runnerFunc(func(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
			var all strings.Builder
			if err := (disktest.Local{}).Run(ctx, argv, stdin, &all); err != nil {
				return err
			}
			_, err := io.WriteString(stdout, strings.TrimSuffix(all.String(), keep))
			return err
		})
	}
	for _, tc := range []struct {
		name string
		run  disk.Runner
		root string
		want error
	}{
		{"nothing pushed or an object store", disktest.Local{}, empty, disk.ErrNotFilesystem},
		{"no such folder", disktest.Local{}, empty + "/x", disk.ErrNotFilesystem},
		{"no grep", inShell{noGrep, "/bin/dash"}, root, disk.ErrNoTools},
		{"no shell", inShell{noGrep, "no-such-shell"}, root, disk.ErrNoTools},
		{"no end", cut("end\n"), root, disk.ErrIncomplete},
		{"no newline", cut("\n"), root, disk.ErrIncomplete},
		{"a folder that cannot be read", asNobody{t}, closed, disk.ErrIncomplete},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := disk.List(t.Context(), tc.run, tc.root)
			if l != nil || !errors.Is(err, tc.want) {
				t.Errorf("%v, %v; want %v", l, err, tc.want)
			}
			if tc.want != disk.ErrIncomplete && tc.name != "no shell" && hint.Of(err) == "" {
				t.Errorf("%v has no hint", err)
			}
		})
	}
}

type runnerFunc func(context.Context, []string, io.Reader, io.Writer) error

func (f runnerFunc) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	return f(ctx, argv, stdin, stdout)
}

// asNobody imitates a find that may not enter a folder; root may enter all.
type asNobody struct{ t *testing.T }

func (a asNobody) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	dir := a.t.TempDir()
	script := "#!/bin/sh\necho \"find: '$1/x': Permission denied\" >&2\nexec /usr/bin/find \"$@\"\n"
	if err := os.WriteFile(dir+"/find", []byte(script), 0o700); err != nil { // it is a program
		a.t.Fatal(err)
	}
	return disktest.Local{Env: []string{"PATH=" + dir + ":/usr/bin:/bin"}}.Run(ctx, argv, stdin, stdout)
}

// A hundred thousand tags pass through without the text of them being kept.
func TestHundredThousandTags(t *testing.T) {
	const tags = 100_000
	digest := registry.Digest(nil)
	run := runnerFunc(func(_ context.Context, _ []string, _ io.Reader, stdout io.Writer) error {
		for i := range tags {
			if _, err := fmt.Fprintf(stdout, "l 1700000000 71 repositories/a/very/long/name/of/a/repository/_manifests/tags/v%d/current/link\n", i); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(stdout, "b 1700000000 0 blobs/sha256/e3/%s/data\nend\n", digest[len("sha256:"):])
		return err
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l, err := disk.List(t.Context(), run, "/")
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(l.Repositories[0].Tags) != tags {
		t.Fatal(err)
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 32<<20 {
		t.Errorf("%d MiB are kept", kept>>20)
	}
	runtime.KeepAlive(l)
}
