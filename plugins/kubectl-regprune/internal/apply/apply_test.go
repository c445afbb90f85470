package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
)

func TestTheWholeWay(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		m := newMixed(pushed(s), s)
		p := m.plan(v)
		before := links(t, s)
		client := s.Client()
		b := save(t, client, p)
		var progress []string
		r := run(t, client, b, apply.Options{UntagByOverwrite: true, Progress: func(done, total int) {
			progress = append(progress, fmt.Sprint(done, "/", total))
		}})
		want := expected(p, before)
		if diff := cmp.Diff(want, links(t, s)); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		if len(want) == len(before) || !r.Complete() || r.Tags.Deleted+r.Tags.Gone != p.Totals.TagsDeleted || r.Manifests.Deleted != p.Totals.ManifestsGone {
			t.Errorf("result %+v of plan %+v", r, p.Totals)
		}
		total := r.Tags.Planned + r.Manifests.Planned
		if len(progress) == 0 || progress[len(progress)-1] != fmt.Sprint(total, "/", total) {
			t.Errorf("progress %v", progress)
		}
		if kept, err := verify.Kept(t.Context(), client, p, verify.Options{}); err != nil || len(kept.Broken) > 0 || kept.Tags == 0 || kept.Blobs == 0 {
			t.Errorf("verified %+v, %v", kept, err)
		}

		again := run(t, client, b, apply.Options{})
		if again.Tags != r.Tags || again.Manifests != r.Manifests {
			t.Errorf("run again: %+v, want %+v", again, r)
		}

		check(t, s, b, true, backup.Restorable)
		if diff := cmp.Diff(want, links(t, s)); diff != "" {
			t.Errorf("a check changed (-want +got):\n%s", diff)
		}
		check(t, s, b, false, backup.Restored)
		if diff := cmp.Diff(before, links(t, s)); diff != "" {
			t.Errorf("after restoring (-want +got):\n%s", diff)
		}
		check(t, s, b, false, backup.Present)
	})
}

// check restores, and expects one status of everything but what was not to go.
func check(t *testing.T, s *registrytest.Server, b *backup.Backup, only bool, want backup.Status) {
	t.Helper()
	outcomes, err := backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{Check: only})
	if err != nil {
		t.Fatal(err)
	}
	goes := map[string]bool{}
	for _, r := range b.Index.Repos {
		for _, m := range r.Manifests {
			goes[r.Name+m.Digest] = m.Goes
		}
	}
	n := 0
	for _, o := range outcomes {
		if o.Tag == "" && !goes[o.Repo+o.Digest] {
			continue
		}
		n++
		if o.Status != want {
			t.Errorf("%s:%s@%s: %s, missing %v, %v; want %s", o.Repo, o.Tag, o.Digest, o.Status, o.Missing, o.Err, want)
		}
	}
	if n == 0 {
		t.Error("nothing to restore")
	}
}

// item finds what happened to a tag, or to a manifest.
func item(r *apply.Result, repo, tag, digest string) apply.Item {
	for _, i := range r.Items {
		if i.Repo == repo && i.Tag == tag && (tag != "" || i.Digest == digest) {
			return i
		}
	}
	return apply.Item{}
}

// TestWhatHappensBetween changes the registry between plan and apply.
func TestWhatHappensBetween(t *testing.T) {
	type fixture struct {
		*mixed
		t *testing.T
		r *apply.Result
	}
	skipped := func(f *fixture, tag, digest string, why apply.Reason) {
		f.t.Helper()
		if i := item(f.r, "app", tag, digest); i.Outcome != apply.Skipped || i.Reason != why {
			f.t.Errorf("tag %q, digest %s: %+v, want %s", tag, digest, i, why)
		}
	}
	stands := func(f *fixture, link string) {
		f.t.Helper()
		if !slices.Contains(links(f.t, f.server), link) {
			f.t.Errorf("%s is gone", link)
		}
	}
	for name, tc := range map[string]struct {
		between func(f *fixture)
		after   func(f *fixture)
	}{
		"a tag moved": {
			func(f *fixture) { f.server.Push("app", image("new"), "old1") },
			func(f *fixture) {
				skipped(f, "old1", "", apply.Moved)
				stands(f, "app:old1="+image("new").Digest)
			},
		},
		"a new tag leads to a doomed image": {
			func(f *fixture) { f.server.Push("app", f.signed, "promoted") },
			func(f *fixture) {
				skipped(f, "", f.signed.Digest, apply.Retagged)
				sig := registrytest.Signature(f.signed)
				skipped(f, "", sig.Digest, apply.Needed)
				stands(f, "app:promoted="+f.signed.Digest)
				stands(f, "app:"+registrytest.AttachedTag(f.signed, "sig")+"="+sig.Digest)
				stands(f, "app@"+registrytest.Referrer(f.signed, "application/spdx+json").Digest)
			},
		},
		"a kept tag leads to a doomed index": {
			func(f *fixture) { f.server.Push("app", f.nested, "3.0") },
			func(f *fixture) {
				skipped(f, "", f.nested.Digest, apply.Retagged)
				inner := f.nested.Children[0]
				for _, d := range []string{inner.Digest, inner.Children[0].Digest, f.nested.Children[1].Digest} {
					skipped(f, "", d, apply.Needed)
					stands(f, "app@"+d)
				}
			},
		},
		"a doomed tag leads to another doomed image": {
			func(f *fixture) { f.server.Push("app", f.signed, "old1") },
			func(f *fixture) {
				skipped(f, "old1", "", apply.Moved)
				stands(f, "app:old1="+f.signed.Digest)
			},
		},
		"a new index needs a doomed child": {
			func(f *fixture) {
				f.server.Push("app", registrytest.Index{Manifests: []registrytest.Builder{f.index.Children[0], image("fresh")}}, "4.0")
			},
			func(f *fixture) {
				skipped(f, "", f.index.Children[0].Digest, apply.Needed)
				stands(f, "app@"+f.index.Children[0].Digest)
			},
		},
		"somebody signs a doomed image": {
			func(f *fixture) {
				f.server.Push("app", registrytest.Signature(f.doomed), registrytest.AttachedTag(f.doomed, "sig"))
			},
			func(f *fixture) { skipped(f, "", f.doomed.Digest, apply.Needed) },
		},
		"somebody else deletes": {
			func(f *fixture) { f.server.Do("DELETE", "/v2/app/manifests/"+f.doomed.Digest, 202, nil) },
			func(f *fixture) {
				if !f.r.Complete() || f.r.Manifests.Gone != 1 || f.r.Tags.Gone < 2 {
					f.t.Errorf("%+v", f.r)
				}
			},
		},
	} {
		registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{})
				f := &fixture{mixed: newMixed(pushed(s), s), t: t}
				p := f.plan(v)
				b := save(t, s.Client(), p)
				tc.between(f)
				f.r = run(t, s.Client(), b, apply.Options{UntagByOverwrite: true})
				tc.after(f)
				kept, err := verify.Kept(t.Context(), s.Client(), p, verify.Options{})
				if err != nil || len(kept.Broken) > 0 {
					t.Errorf("verified %+v, %v", kept, err)
				}
				if c := f.r.Manifests; c.Deleted == 0 || c.Failed+c.Remaining > 0 || f.r.Tags.Failed+f.r.Tags.Remaining > 0 {
					t.Errorf("result %+v", f.r)
				}
			})
		})
	}
}
