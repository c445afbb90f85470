package render_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

const evil = "x\x1b[31m\u202e\nINJECTED"

var (
	partial = &apply.Result{
		Tags: apply.Counts{Planned: 5, Deleted: 2, Skipped: 1, Failed: 1, Remaining: 1}, Manifests: apply.Counts{Planned: 3, Deleted: 2, Gone: 1}, Elapsed: 83 * time.Second,
		Items: []apply.Item{
			{Repo: "shop/api", Tag: "v1.8", Digest: sample.Digest("a"), Outcome: apply.Skipped, Reason: apply.Moved, Now: sample.Digest("b")},
			{Repo: evil, Digest: sample.Digest("c"), Outcome: apply.Failed, Err: errors.New("deleting: " + evil)},
		},
	}
	damaged = &verify.Result{Tags: 40, Manifests: 52, Blobs: 1, Broken: []verify.Broken{
		{Repo: "shop/web", Tag: "42", Digest: sample.Digest("a"), Faults: []verify.Fault{{Digest: sample.Digest("b"), What: verify.ALayer, Fault: verify.NotThere, Err: errors.New("not found")}}},
		{Repo: "shop/web", Tag: evil, Before: true, Faults: []verify.Fault{{What: verify.AManifest, Fault: verify.NotThere}}},
		{Repo: "shop/api", Digest: sample.Digest("c"), Unknown: true, Faults: []verify.Fault{{Digest: sample.Digest("c"), What: verify.AManifest, Fault: verify.Unknown, Err: errors.New("connection reset")}}},
	}}
	outcomes = []backup.Outcome{
		{Repo: "shop/api", Digest: sample.Digest("a"), Status: backup.Restored}, {Repo: "shop/api", Tag: "v1", Digest: sample.Digest("a"), Status: backup.Restored},
		{Repo: "shop/api", Tag: "v2", Digest: sample.Digest("b"), Status: backup.Moved, Now: sample.Digest("c")},
		{Repo: "shop/web", Digest: sample.Digest("d"), Status: backup.Impossible, Missing: []string{sample.Digest("e"), sample.Digest("f")}},
		{Repo: evil, Tag: "v3", Digest: sample.Digest("g"), Status: backup.Failed, Err: errors.New(evil)},
	}
	runs = []backup.Run{
		{Name: "20260501-100000-abcd", Dir: "/runs/a", State: backup.Ended, Registry: "svc/registry/registry:5000", Context: "prod", CreatedAt: sample.Now,
			Tags: 3, Manifests: 4, DeletedTags: 2, DeletedManifests: 4},
		{Name: "20260415-100000-abcd", Dir: "/runs/c", State: backup.Stopped, Registry: "svc/registry/registry:5000", Context: evil, CreatedAt: sample.Now, Tags: 1, Manifests: 1, Killed: true},
		{Name: "20260401-100000-abcd", Dir: "/runs/b", State: backup.Damaged},
	}
	registries = &locate.Found{
		Candidates: []locate.Candidate{
			{Namespace: "registry", Service: "registry", Port: 5000, Scheme: "http", Workload: resolve.Ref{Kind: "deployment", Name: "registry"}, Container: "registry",
				Image: "registry:2.8.3", Product: locate.Distribution, Version: "2.8.3", Storage: locate.Storage{Kind: locate.PVCRWO}, Settings: locate.Settings{Delete: locate.Yes},
				Replicas: 1, Pods: []locate.Pod{{Name: "registry-0", Ready: true}}, Aliases: []string{"localhost:32000", "registry.example.com"}, Score: 90, Evidence: []string{"its image is registry:2"}},
			{Namespace: "kube-system", Port: 5000, Workload: resolve.Ref{Kind: "replicationcontroller", Name: evil}, Storage: locate.Storage{Kind: locate.EmptyDir, RestartLosesData: true},
				Settings: locate.Settings{Delete: locate.Unknown}, Replicas: 1},
		},
		Outside: &locate.Hosting{Host: "localhost:5001", HostFromClusterNetwork: "kind-registry:5000"},
	}
	swept = &collect.Report{Run: "r1", Quiesced: 72 * time.Second, Swept: []string{sample.Digest("a"), sample.Digest("b")}, Freed: 150 << 20, Expected: 150 << 20,
		FreeBytes: [2]int64{1 << 30, 1<<30 + 150<<20}, Probed: 2, Stale: []string{sample.Digest("a")}, Findings: []collect.Finding{{ID: collect.OwnCollector, Text: evil}}}
)

// written are all results, by their names.
var written = map[string]func(w io.Writer, format string) error{
	"apply": func(w io.Writer, format string) error {
		return render.Apply(w, format, partial, render.After{}, render.ResultOptions{})
	},
	"apply-collected": func(w io.Writer, format string) error {
		return render.Apply(w, format, &apply.Result{}, render.After{Collected: swept, Verified: damaged}, render.ResultOptions{})
	},
	"collect-preview": func(w io.Writer, format string) error {
		r := &collect.Report{Run: "r3", Preview: true, Expected: 150 << 20, Garbage: swept.Swept, FreeBytes: [2]int64{-1, -1}, Findings: swept.Findings}
		return render.Collect(w, format, r, render.ResultOptions{})
	},
	"apply-complete": func(w io.Writer, format string) error {
		return render.Apply(w, format, &apply.Result{Tags: apply.Counts{Planned: 1, Deleted: 1}}, render.After{}, render.ResultOptions{})
	},
	"verify": func(w io.Writer, format string) error {
		return render.Verify(w, format, damaged, render.ResultOptions{})
	},
	"verify-stale": func(w io.Writer, format string) error {
		const blob = "layer"
		stale := hint.With(fmt.Errorf("reading a byte of blob %q: %w: unexpected EOF", "shop/web@"+sample.Digest(blob), registry.ErrUnreadable), "restart the registry")
		odd := fmt.Errorf("GET /v2/shop/web/blobs/%s: %s", sample.Digest(blob), evil)
		one := func(tag string, err error) verify.Broken {
			return verify.Broken{Repo: "shop/web", Tag: tag, Faults: []verify.Fault{{Digest: sample.Digest(blob), What: verify.ALayer, Fault: verify.BadText, Err: err}}}
		}
		r := &verify.Result{Tags: 3, Broken: []verify.Broken{one("1", stale), one("2", stale), one("3", odd)}}
		return render.Verify(w, format, r, render.ResultOptions{})
	},
	"verify-unread": func(w io.Writer, format string) error {
		r := &verify.Result{Tags: 1, Manifests: 2, Blobs: 3, Unread: []verify.Unread{{Repo: "shop/web", Why: "the API lists 2 of 5 tags"}, {Repo: evil, Why: evil}}}
		return render.Verify(w, format, r, render.ResultOptions{})
	},
	"verify-intact": func(w io.Writer, format string) error {
		return render.Verify(w, format, &verify.Result{Tags: 1, Manifests: 2, Blobs: 3}, render.ResultOptions{})
	},
	"restore": func(w io.Writer, format string) error {
		return render.Restore(w, format, "20260501-100000-abcd", outcomes, render.ResultOptions{})
	},
	"restore-complete": func(w io.Writer, format string) error {
		return render.Restore(w, format, "20260501-100000-abcd", outcomes[:2], render.ResultOptions{})
	},
	"runs": func(w io.Writer, format string) error { return render.Runs(w, format, runs, render.ResultOptions{}) },
	"registries": func(w io.Writer, format string) error {
		return render.Registries(w, format, registries, render.ResultOptions{})
	},
	"restore-impossible": func(w io.Writer, format string) error {
		return render.Restore(w, format, "20260501-100000-abcd", append(outcomes[3:4:4], backup.Outcome{Repo: "shop/api", Tag: "v9", Status: backup.Present}), render.ResultOptions{})
	},
	"runs-now": func(w io.Writer, format string) error {
		return render.Runs(w, format, runs, render.ResultOptions{Now: sample.Now.Add(50 * time.Hour)})
	},
	"collect-refused": func(w io.Writer, format string) error {
		return render.Collect(w, format, &collect.Report{Run: "r2", FreeBytes: [2]int64{-1, -1}, Findings: swept.Findings}, render.ResultOptions{})
	},
	"collect-proved": func(w io.Writer, format string) error {
		proved := *swept
		proved.Stale, proved.Probed = nil, 20
		return render.Collect(w, format, &proved, render.ResultOptions{})
	},
	"collect": func(w io.Writer, format string) error {
		return render.Collect(w, format, swept, render.ResultOptions{})
	},
	"collect-nothing": func(w io.Writer, format string) error {
		return render.Collect(w, format, &collect.Report{Nothing: true, FreeBytes: [2]int64{-1, -1}}, render.ResultOptions{})
	},
}

func TestResults(t *testing.T) {
	for name, write := range written {
		for _, format := range []string{render.Table, render.JSON} {
			var b strings.Builder
			if err := write(&b, format); err != nil {
				t.Fatal(err)
			}
			sample.Golden(t, name+"."+format+".txt", b.String())
			if format == render.Table && (strings.ContainsAny(b.String(), "\x1b\u202e") || strings.Contains(b.String(), "\nINJECTED")) {
				t.Errorf("%s is not harmless: %q", name, b.String())
			}
			if format == render.JSON {
				var doc struct{ APIVersion, Kind string }
				if err := json.Unmarshal([]byte(b.String()), &doc); err != nil || doc.APIVersion == "" || doc.Kind == "" {
					t.Errorf("%s as json: %+v, error %v", name, doc, err)
				}
			}
		}
		if err := write(&strings.Builder{}, "xml"); err == nil {
			t.Errorf("%s has a format xml", name)
		}
	}
}

func TestWhyFormats(t *testing.T) {
	g := sample.Registry()
	story, err := why.Of(sample.Plan(g), g, "shop/api")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range render.ResultFormats {
		var b strings.Builder
		if err := render.Why(&b, format, story); err != nil || !strings.Contains(b.String(), "shop/api:latest") {
			t.Errorf("%s: %s, error %v", format, b.String(), err)
		}
	}
}

func TestRegistriesForEveryWidth(t *testing.T) {
	own := &locate.Found{Candidates: registries.Candidates[:1]}
	for _, width := range []int{70, 80, 120} {
		var b strings.Builder
		if err := render.Registries(&b, render.Table, own, render.ResultOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "READY") || !strings.Contains(b.String(), "deployment/registry") {
			t.Errorf("at %d columns: %s", width, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
				t.Errorf("at %d columns a line has %d: %s", width, n, line)
			}
		}
	}
	for _, format := range []string{render.Wide, render.Name} {
		var b strings.Builder
		if err := render.Registries(&b, format, registries, render.ResultOptions{Width: 40}); err != nil {
			t.Fatal(err)
		}
		sample.Golden(t, "registries."+format+".txt", b.String())
	}
}
