package usage

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// oracle answers by removing things and asking package graph, at any cost.
type oracle struct{ *graph.Registry }

func (o oracle) sum(digests map[string]bool) (bytes int64) {
	for d := range digests {
		size, _ := o.Size(d)
		bytes += size
	}
	return bytes
}

// unknown counts what has no size, or may need more than is known.
func (o oracle) unknown(digests map[string]bool) (n int64) {
	for d := range digests {
		m := o.Manifests[d]
		if _, known := o.Size(d); !known || m != nil && m.Broken != "" {
			n++
		}
	}
	return n
}

// roots are the digests that tags name, and the manifests that no tag leads to.
func (o oracle) roots(r *graph.Repository) (tagged, untagged []string) {
	for _, t := range r.Tags {
		subject := graph.AttachedTo(t.Name)
		attached := subject != "" && subject != t.Digest && slices.Contains(r.Linked, subject)
		if t.Digest != "" && slices.Contains(r.Linked, t.Digest) && !attached && !slices.Contains(tagged, t.Digest) {
			tagged = append(tagged, t.Digest)
		}
	}
	reached := o.Closure(r, tagged)
	for _, d := range r.Linked {
		if _, ok := reached[d]; !ok {
			untagged = append(untagged, d)
		}
	}
	return tagged, untagged
}

// goes adds to removed what nothing needs once gone are no roots any more. A gone of
// "" stands for all untagged manifests.
func (o oracle) goes(removed map[graph.Ref]bool, r *graph.Repository, gone ...string) map[graph.Ref]bool {
	tagged, untagged := o.roots(r)
	var kept []string
	for _, d := range tagged {
		if !slices.Contains(gone, d) {
			kept = append(kept, d)
		}
	}
	if !slices.Contains(gone, "") {
		kept = append(kept, untagged...)
	}
	stays := o.Closure(r, kept)
	for d := range o.Closure(r, append(tagged, untagged...)) {
		if _, ok := stays[d]; !ok {
			removed[graph.Ref{Repository: r.Name, Digest: d}] = true
		}
	}
	return removed
}

func (o oracle) frees(r *graph.Repository, gone ...string) int64 {
	return o.Freed(o.goes(map[graph.Ref]bool{}, r, gone...)).Plan
}

// pair is what goes only if both go.
func (o oracle) pair(r *graph.Repository, d string, with *graph.Repository, other string) int64 {
	var both map[graph.Ref]bool
	if r == with {
		both = o.goes(map[graph.Ref]bool{}, r, d, other)
	} else {
		both = o.goes(o.goes(map[graph.Ref]bool{}, r, d), with, other)
	}
	return o.Freed(both).Plan - o.frees(r, d) - o.frees(with, other)
}

const trials = 600

func TestUsageAgainstBruteForce(t *testing.T) {
	seed := rand.Uint64()
	pairs := 0
	for trial := range uint64(trials) {
		rng := rand.New(rand.NewPCG(seed, trial))
		o := oracle{randomRegistry(rng)}
		u := Of(o.Registry, "test")
		is := func(what string, got, want int64) {
			t.Helper()
			if got != want {
				t.Fatalf("seed %d, trial %d: %s is %d, want %d", seed, trial, what, got, want)
			}
		}
		linked := o.sum(o.Marked(o.Links(nil)))
		is("linked", u.Totals.LinkedBytes, linked)
		is("garbage", u.Totals.GarbageBytes, o.Freed(nil).Garbage)
		exclusive := u.Totals.SharedBytes
		for i, r := range o.Repositories {
			got := &u.Repositories[i]
			tagged, untagged := o.roots(r)
			all := map[graph.Ref]bool{}
			for _, d := range r.Linked {
				all[graph.Ref{Repository: r.Name, Digest: d}] = true
			}
			is("bytes of "+r.Name, got.Bytes, o.sum(o.Marked(slices.Values(r.Linked))))
			is("unknown sizes", int64(got.UnknownSizes), o.unknown(o.Marked(slices.Values(r.Linked))))
			is("tagged bytes", got.TaggedBytes, o.sum(o.Marked(maps.Keys(o.Closure(r, tagged)))))
			is("exclusive bytes", got.ExclusiveBytes, o.Freed(all).Plan)
			is("shared bytes", got.SharedBytes, got.Bytes-got.ExclusiveBytes)
			is("untagged manifests", int64(got.Untagged.Manifests), int64(len(untagged)))
			is("untagged bytes", got.Untagged.Bytes, o.frees(r, ""))
			is("images", int64(len(got.Images)), int64(len(tagged)))
			parts := got.WithinBytes + got.Untagged.Bytes
			for _, image := range got.Images {
				is("an image's bytes", image.Bytes, o.sum(o.Marked(maps.Keys(o.Closure(r, []string{image.Digest})))))
				is("an image's exclusive bytes", image.ExclusiveBytes, o.frees(r, image.Digest))
				is("what goes with an image", o.Freed(Goes(o.Registry, r, image.Digest)).Plan, image.ExclusiveBytes)
				parts += image.ExclusiveBytes
				if trial%4 == 0 {
					pairs += comparePairs(t, o, r, image)
				}
			}
			is("a repository's parts", parts, got.ExclusiveBytes)
			exclusive += got.ExclusiveBytes
		}
		is("all parts", exclusive, linked)
	}
	if pairs < 100 {
		t.Errorf("only %d pairs were compared", pairs)
	}
}

// comparePairs looks at everybody whom image may share with.
func comparePairs(t *testing.T, o oracle, r *graph.Repository, image Image) int {
	t.Helper()
	var want []int64
	for _, with := range o.Repositories {
		tagged, untagged := o.roots(with)
		if len(untagged) > 0 {
			tagged = append(tagged, "")
		}
		for _, other := range tagged {
			if with == r && other == image.Digest {
				continue
			}
			bytes := o.pair(r, image.Digest, with, other)
			if bytes > 0 {
				want = append(want, bytes)
			}
			for _, s := range image.SharedWith {
				if s.Repository == with.Name && s.Digest == other && s.Bytes != bytes {
					t.Fatalf("%s %s shares %d with %s %s, want %d", r.Name, image.Digest, s.Bytes, with.Name, other, bytes)
				}
			}
		}
	}
	slices.Sort(want)
	slices.Reverse(want)
	var got []int64
	for _, s := range image.SharedWith {
		got = append(got, s.Bytes)
	}
	if want = want[:min(len(want), sharers)]; !slices.Equal(got, want) {
		t.Fatalf("%s %s shares %v, want %v", r.Name, image.Digest, got, want)
	}
	return len(got)
}

func TestPlansAgainstBruteForce(t *testing.T) {
	seed := rand.Uint64()
	blocked := 0
	for trial := range uint64(trials) {
		rng := rand.New(rand.NewPCG(seed, trial))
		o := oracle{randomRegistry(rng)}
		removed := map[graph.Ref]bool{}
		for _, r := range o.Repositories {
			for _, d := range r.Linked {
				if rng.IntN(3) == 0 {
					removed[graph.Ref{Repository: r.Name, Digest: d}] = true
				}
			}
		}
		u := WithPlan(o.Registry, "test", removed)
		is := func(what string, got, want int64) {
			t.Helper()
			if got != want {
				t.Fatalf("seed %d, trial %d: %s is %d, want %d", seed, trial, what, got, want)
			}
		}
		freed := o.Freed(removed)
		is("freed", u.Totals.Freed, freed.Plan)
		is("freed of what several need", u.Totals.FreedShared, freed.Common)
		is("what stays", freed.Shared, o.sum(o.named(removed, "")))
		sum := u.Totals.FreedShared
		for i, r := range o.Repositories {
			got := u.Repositories[i]
			parts := got.FreedWithin + got.Untagged.Freed
			for _, image := range got.Images {
				parts += image.Freed
				if image.Freed > image.ExclusiveBytes {
					t.Fatalf("seed %d, trial %d: more is freed than there is", seed, trial)
				}
			}
			is("a repository's parts", parts, got.Freed)
			sum += got.Freed
			is("what is freed of "+r.Name, freed.Repositories[i].Plan, got.Freed)
			is("what stays of "+r.Name, freed.Repositories[i].Shared, o.sum(o.named(removed, r.Name)))
		}
		is("all parts", sum, u.Totals.Freed)
		blocked += compareBlockers(t, o, removed, u.Blockers)
	}
	if blocked < 100 {
		t.Errorf("only %d blockers were compared", blocked)
	}
}

// named are the blobs that removed manifests of a repository ("": of all) name, and
// that stay.
func (o oracle) named(removed map[graph.Ref]bool, repository string) map[string]bool {
	named := o.Marked(func(yield func(string) bool) {
		for ref := range removed {
			if (repository == "" || ref.Repository == repository) && !yield(ref.Digest) {
				return
			}
		}
	})
	after := o.Marked(o.Links(removed))
	maps.DeleteFunc(named, func(d string, _ bool) bool { return !after[d] })
	return named
}

func compareBlockers(t *testing.T, o oracle, removed map[graph.Ref]bool, got []Sharer) int {
	t.Helper()
	named := o.named(removed, "")
	after := oracle{&graph.Registry{Manifests: o.Manifests, Blobs: o.Blobs, Stored: o.Stored}}
	for _, r := range o.Repositories {
		less := *r
		less.Linked = nil
		for _, d := range r.Linked {
			if !removed[graph.Ref{Repository: r.Name, Digest: d}] {
				less.Linked = append(less.Linked, d)
			}
		}
		after.Repositories = append(after.Repositories, &less)
	}
	n := 0
	for _, r := range after.Repositories {
		tagged, _ := after.roots(r)
		for _, d := range append(tagged, "") {
			left := after.Marked(after.Links(after.goes(map[graph.Ref]bool{}, r, d)))
			want := int64(0)
			for b := range named {
				if size, _ := o.Size(b); !left[b] {
					want += size
				}
			}
			i := slices.IndexFunc(got, func(s Sharer) bool { return s.Repository == r.Name && s.Digest == d })
			switch {
			case want > 0 && i < 0 && len(got) < blockersListed:
				t.Fatalf("%s %s blocks %d bytes, and is not listed", r.Name, d, want)
			case i >= 0 && got[i].Bytes != want:
				t.Fatalf("%s %s blocks %d bytes, want %d", r.Name, d, got[i].Bytes, want)
			case i >= 0:
				n++
			}
		}
	}
	if n != len(got) {
		t.Fatalf("%d blockers are nobody", len(got)-n)
	}
	return n
}
