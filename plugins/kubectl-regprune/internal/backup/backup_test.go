package backup_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func image(text string, shared bool) *registrytest.Content {
	i := registrytest.Image{Labels: map[string]string{"name": text}, Layers: [][]byte{registrytest.Layer(text, 500)}}
	if shared {
		i = registrytest.Image{Layers: [][]byte{registrytest.Layer("shared", 500)}, Annotations: map[string]string{"name": text}}
	}
	return i.Build()
}

// going is a plan in which contents go from a repository, with their tags.
func going(tags map[string]*registrytest.Content, untagged ...*registrytest.Content) *plan.Plan {
	r := plan.Repository{Name: "app"}
	seen := map[string]bool{}
	add := func(c *registrytest.Content) {
		if !seen[c.Digest] {
			seen[c.Digest] = true
			r.Manifests = append(r.Manifests, plan.Manifest{Digest: c.Digest, MediaType: c.MediaType, Action: plan.Delete})
		}
	}
	for name, c := range tags {
		r.Tags = append(r.Tags, plan.Tag{Name: name, Digest: c.Digest, Action: plan.Delete})
		add(c)
	}
	for _, c := range untagged {
		add(c)
	}
	slices.SortFunc(r.Tags, func(a, b plan.Tag) int { return strings.Compare(a.Name, b.Name) })
	return &plan.Plan{APIVersion: plan.APIVersion, Kind: plan.Kind, Registry: plan.Registry{Name: "test"}, Repos: []plan.Repository{r}}
}

func encode(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func write(t *testing.T, from backup.Source, p *plan.Plan, dir string) *backup.Backup {
	t.Helper()
	b, err := backup.Write(t.Context(), from, encode(t, p), dir, backup.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func status(outcomes []backup.Outcome, tag, digest string) backup.Outcome {
	for _, o := range outcomes {
		if o.Tag == tag && (tag != "" || o.Digest == digest) {
			return o
		}
	}
	return backup.Outcome{}
}

func TestWrittenAndOpened(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	sub := image("sub", false)
	index := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{sub, image("kept child", false)}}, "old")
	signature := s.Push("app", registrytest.Signature(index), registrytest.AttachedTag(index, "sig"))
	never := image("never pushed", false)
	p := going(map[string]*registrytest.Content{"old": index, registrytest.AttachedTag(index, "sig"): signature}, sub, never)
	dir := filepath.Join(t.TempDir(), "a", backup.NewName(time.Now()))
	var last [2]int
	b, err := backup.Write(t.Context(), s.Client(), encode(t, p), dir, backup.WriteOptions{Progress: func(done, total int) { last = [2]int{done, total} }})
	if err != nil {
		t.Fatal(err)
	}
	if last != [2]int{5, 5} {
		t.Errorf("progress ended with %v", last)
	}
	opened, err := backup.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, opened); diff != "" {
		t.Errorf("opened (-written +opened):\n%s", diff)
	}
	if got := opened.Plan.Totals; got.TagsDeleted != 2 || got.ManifestsGone != 4 {
		t.Errorf("the totals of an edited plan are believed: %+v", got)
	}
	type entry struct {
		Order         int
		Goes, Missing bool
	}
	got := map[string]entry{}
	for _, m := range opened.Index.Repos[0].Manifests {
		got[m.Digest] = entry{m.Order, m.Goes, m.Missing}
	}
	want := map[string]entry{
		sub.Digest: {1, true, false}, image("kept child", false).Digest: {1, false, false}, never.Digest: {1, true, true},
		index.Digest: {2, true, false}, signature.Digest: {3, true, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "plan.json"))
	if err != nil || string(raw) != string(encode(t, p)) {
		t.Errorf("the plan is not what was given: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	runs, err := backup.List(filepath.Dir(dir))
	if err != nil || len(runs) != 1 || runs[0].State != backup.Waiting || runs[0].Tags != 2 || runs[0].Manifests != 4 {
		t.Errorf("runs %+v, %v", runs, err)
	}
	states(t, b)
}

// states goes through what a list says of a run.
func states(t *testing.T, b *backup.Backup) {
	t.Helper()
	state := func(want backup.State, tags, manifests int, killed bool) {
		t.Helper()
		runs, err := backup.List(filepath.Dir(b.Dir))
		if err != nil {
			t.Fatal(err)
		}
		if r := runs[0]; r.State != want || r.DeletedTags != tags || r.DeletedManifests != manifests || r.Killed != killed || r.Deleted() != (tags+manifests > 0 || killed) {
			t.Errorf("%+v, want %s, %d tags, %d manifests, killed %t", r, want, tags, manifests, killed)
		}
	}
	item := func(tag, digest, outcome string) backup.Line {
		return backup.Line{Kind: backup.LineItem, Repo: "app", Tag: tag, Digest: digest, Outcome: outcome}
	}
	for _, step := range []struct {
		lines           []backup.Line
		want            backup.State
		tags, manifests int
		killed          bool
	}{
		{[]backup.Line{{Kind: backup.LineBegin}}, backup.Stopped, 0, 0, true},
		{[]backup.Line{{Kind: backup.LineEnd, Remaining: 1}}, backup.Stopped, 0, 0, false},
		{[]backup.Line{{Kind: backup.LineBegin}, item("old", "a", "skipped"), item("", "a", "gone"), {Kind: backup.LineEnd}}, backup.Ended, 0, 0, false},
		{[]backup.Line{item("old", "a", "deleted"), item("older", "a", "deleted"), item("", "a", "deleted"), item("older", "a", "failed"), {Kind: backup.LineBegin}, {Kind: backup.LineEnd}}, backup.Ended, 1, 1, false},
		{[]backup.Line{{Kind: backup.LineRestore}}, backup.PutBack, 1, 1, false},
	} {
		j, _, err := b.OpenJournal()
		if err != nil {
			t.Fatal(err)
		}
		j.Write(step.lines...)
		state(backup.Running, step.tags, step.manifests, true)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		state(step.want, step.tags, step.manifests, step.killed)
	}
	for range 2 {
		if err := b.Restored(); err != nil {
			t.Fatal(err)
		}
		state(backup.AllBack, 1, 1, false)
	}
	if err := os.Remove(filepath.Join(b.Dir, "index.json")); err != nil {
		t.Fatal(err)
	}
	state(backup.Unfinished, 0, 0, false)
}

func TestDamaged(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	c := s.Push("app", image("x", false), "old")
	p := going(map[string]*registrytest.Content{"old": c})
	for name, tc := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"a manifest is gone": {func(dir string) error {
			return os.Remove(filepath.Join(dir, "manifests", strings.Replace(c.Digest, ":", "/", 1)))
		}, c.Digest},
		"a manifest is cut": {func(dir string) error {
			return os.Truncate(filepath.Join(dir, "manifests", strings.Replace(c.Digest, ":", "/", 1)), 10)
		}, "damaged"},
		"another plan": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "plan.json"), encode(t, going(nil)), 0o600)
		}, "not the plan"},
		"it was not finished": {func(dir string) error { return os.Remove(filepath.Join(dir, "index.json")) }, "not finished"},
		"another kind": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"kind":"Other"}`), 0o600)
		}, "Other"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		write(t, s.Client(), p, dir)
		if err := tc.spoil(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Open(dir); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	c := s.Push("app", image("x", false), "old")
	p := going(map[string]*registrytest.Content{"old": c})
	full := filepath.Join(t.TempDir(), "full")
	write(t, s.Client(), p, full)
	if _, err := backup.Write(t.Context(), s.Client(), encode(t, p), full, backup.WriteOptions{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder that is in use: %v", err)
	}
	if _, err := backup.Write(t.Context(), s.Client(), []byte(`{"kind":"Other"}`), filepath.Join(t.TempDir(), "x"), backup.WriteOptions{}); err == nil {
		t.Error("another kind is a plan")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Write(ctx, s.Client(), encode(t, p), filepath.Join(t.TempDir(), "x"), backup.WriteOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for name, rule := range map[string]registrytest.Rule{
		"a failure":       {Method: "GET", Times: -1, Do: registrytest.Status(500, "")},
		"another content": {Method: "GET", Times: -1, Do: registrytest.Truncate(30)},
		"a 404 of others": {Method: "GET", Times: -1, Do: registrytest.Change(func(h http.Header, _ []byte) []byte { clear(h); return nil })},
	} {
		proxy := registrytest.Faulty(t, s, rule)
		client := proxy.Client(func(o *registry.Options) { o.Retry.Times = -1 })
		dir := filepath.Join(t.TempDir(), "x")
		if _, err := backup.Write(t.Context(), client, encode(t, p), dir, backup.WriteOptions{}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := backup.Open(dir); err == nil {
			t.Errorf("%s: it is a backup", name)
		}
	}
}
