package policy

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// world is a random repository and a policy for it.
type world struct {
	r      *rand.Rand
	images []Image
	inUse  map[string]bool
}

var tagForms = []func(r *rand.Rand) string{
	func(r *rand.Rand) string { return strconv.Itoa(r.IntN(30)) },
	func(r *rand.Rand) string { return fmt.Sprintf("%04d", r.IntN(30)) },
	func(r *rand.Rand) string { return fmt.Sprintf("build-%d", r.IntN(30)) },
	func(r *rand.Rand) string { return fmt.Sprintf("%d.%d.%d", r.IntN(3), r.IntN(4), r.IntN(4)) },
	func(r *rand.Rand) string { return fmt.Sprintf("v%d.%d.0-rc.%d", r.IntN(3), r.IntN(4), r.IntN(4)) },
	func(r *rand.Rand) string { return fmt.Sprintf("v%d.%d", r.IntN(3), r.IntN(4)) },
	func(r *rand.Rand) string { return fmt.Sprintf("%07x", r.IntN(1<<28)) },
	func(r *rand.Rand) string { return []string{"latest", "stable", "main"}[r.IntN(3)] },
}

func newWorld(r *rand.Rand) *world {
	w := &world{r: r, inUse: map[string]bool{}}
	seen := map[string]bool{}
	allPushed := r.IntN(2) == 0
	for i := range 1 + r.IntN(12) {
		image := Image{Digest: fmt.Sprintf("sha256:%064x", i), Created: w.date()}
		if allPushed {
			image.Pushed = noon.Add(-time.Duration(r.IntN(40)) * day)
		} else {
			image.Pushed = w.date()
		}
		for range 1 + r.IntN(3) {
			if tag := w.pick(tagForms)(r); !seen[tag] {
				seen[tag] = true
				image.Tags = append(image.Tags, tag)
			}
		}
		slices.Sort(image.Tags)
		if len(image.Tags) > 0 {
			w.images = append(w.images, image)
			w.inUse[image.Digest] = r.IntN(4) == 0
		}
	}
	return w
}

func (w *world) pick(forms []func(*rand.Rand) string) func(*rand.Rand) string {
	return forms[w.r.IntN(len(forms))]
}

// date is a time of the last 40 days, one that is hard to believe, or none.
func (w *world) date() time.Time {
	switch w.r.IntN(6) {
	case 0:
		return time.Time{}
	case 1:
		return []time.Time{time.Unix(0, 0), time.Unix(1, 0), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), noon.Add(100 * day)}[w.r.IntN(4)]
	}
	return noon.Add(-time.Duration(w.r.IntN(40)) * day)
}

// addRule gives a rule to keep, of a kind that puts nothing up for deletion.
func (w *world) addRule(s Spec) Spec {
	switch w.r.IntN(6) {
	case 0:
		s.Keep = append(slices.Clone(s.Keep), []string{"latest", "v*", "build-1?", "*0"}[w.r.IntN(4)])
	case 1:
		s.KeepRegex = append(slices.Clone(s.KeepRegex), []string{"v.*", "[0-9]+", "(latest|main)", ".*a.*"}[w.r.IntN(4)])
	case 2:
		s.KeepNumber = append(slices.Clone(s.KeepNumber), []string{">=10", "<5", "3..20 !=7", "build-*>12"}[w.r.IntN(4)])
	case 3:
		s.KeepSemver = append(slices.Clone(s.KeepSemver), []string{">=1.2", "~1", ">=1.0.0-0 <2", "!=1.1 || 2.x"}[w.r.IntN(4)])
	case 4:
		if s.KeepLast == nil {
			n := 1 + w.r.IntN(4)
			s.KeepLast, s.Sort = &n, append([]string{""}, Sorts...)[w.r.IntN(6)]
		}
	case 5:
		if s.KeepWithin == "" {
			s.KeepWithin = fmt.Sprintf("%dd", 1+w.r.IntN(30))
		}
	}
	return s
}

func (w *world) spec() Spec {
	var s Spec
	if w.r.IntN(2) == 0 {
		s.Delete = []string{"*"}
	}
	for range w.r.IntN(4) {
		s = w.addRule(s)
	}
	s.MinAge = []string{"", "0", "3d"}[w.r.IntN(3)]
	return s
}

func deleted(decisions map[string]Decision) map[string]bool {
	gone := map[string]bool{}
	for tag, d := range decisions {
		if d.Verdict == NotKept {
			gone[tag] = true
		}
	}
	return gone
}

// worlds runs check on many random worlds, each with a seed of its own.
func worlds(t *testing.T, check func(t *testing.T, w *world, s Spec, e *Entry)) {
	t.Helper()
	made, deletions := 0, 0
	base := rand.Uint64() // not for secrets
	for i := range uint64(4000) {
		w := newWorld(rand.New(rand.NewPCG(base, i))) // not for secrets
		s := w.spec()
		p, err := FromFlags(s)
		if err != nil {
			continue // says nothing about deletion
		}
		e, _ := p.For("app")
		made++
		deletions += len(deleted(e.Evaluate(w.images, w.inUse, noon)))
		check(t, w, s, e)
		if t.Failed() {
			t.Fatalf("seed %d,%d: %v", base, i, p.Words())
		}
	}
	if made < 2000 || deletions < 4000 {
		t.Fatalf("only %d policies, %d deletions: this proves little", made, deletions)
	}
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	worlds(t, func(t *testing.T, w *world, _ Spec, e *Entry) {
		want := e.Evaluate(w.images, w.inUse, noon)
		images := slices.Clone(w.images)
		w.r.Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
		for i := range images {
			images[i].Tags = slices.Clone(images[i].Tags)
			slices.Reverse(images[i].Tags)
		}
		if diff := cmp.Diff(want, e.Evaluate(images, w.inUse, noon)); diff != "" {
			t.Errorf("shuffled (-want +got):\n%s", diff)
		}
	})
}

// The promise of the package's comment: with delete, no rule to keep ever deletes more;
// without it only the first about versions or about numbers of a form can.
func TestMoreRulesToKeepNeverDeleteMore(t *testing.T) {
	extended := 0
	worlds(t, func(t *testing.T, w *world, s Spec, e *Entry) {
		more := w.addRule(s)
		if s.Delete == nil && (len(more.KeepNumber) > len(s.KeepNumber) || len(more.KeepSemver) > len(s.KeepSemver)) {
			return
		}
		p, err := FromFlags(more)
		if err != nil {
			t.Fatalf("%+v: %v", more, err)
		}
		extended++
		before := deleted(e.Evaluate(w.images, w.inUse, noon))
		entry, _ := p.For("app")
		for tag := range deleted(entry.Evaluate(w.images, w.inUse, noon)) {
			if !before[tag] {
				t.Errorf("%q goes with %v, but not without the last rule", tag, p.Words())
			}
		}
	})
	if extended < 1000 {
		t.Errorf("only %d policies were extended", extended)
	}
}

func TestMoreUseNeverDeletesMore(t *testing.T) {
	worlds(t, func(t *testing.T, w *world, _ Spec, e *Entry) {
		before := deleted(e.Evaluate(w.images, w.inUse, noon))
		more := maps.Clone(w.inUse)
		more[w.images[w.r.IntN(len(w.images))].Digest] = true
		for tag := range deleted(e.Evaluate(w.images, more, noon)) {
			if !before[tag] {
				t.Errorf("%q goes because another image is used", tag)
			}
		}
	})
}

// Whoever does not fetch what NeedsCreated and NeedsPushed do not ask for gets the
// same decisions, and so does who fetches late what only a grace needs.
func TestDatesThatAreNotNeededDoNotCount(t *testing.T) {
	spared := 0
	worlds(t, func(t *testing.T, w *world, _ Spec, e *Entry) {
		want := e.Evaluate(w.images, w.inUse, noon)
		images := slices.Clone(w.images)
		allPushed := true
		for i := range images {
			if !e.NeedsPushed() {
				images[i].Pushed = time.Time{}
			}
			allPushed = allPushed && Believable(images[i].Pushed, noon)
		}
		created := e.NeedsCreated(allPushed)
		for i := range images {
			if !created {
				images[i].Created = time.Time{}
			}
		}
		if diff := cmp.Diff(want, e.Evaluate(images, w.inUse, noon)); diff != "" {
			t.Errorf("without needless dates (-want +got):\n%s", diff)
		}
		if created && e.GraceOnly() {
			spared += checkLate(t, w, e, want)
		}
	})
	if spared < 200 {
		t.Errorf("only %d dates were saved", spared)
	}
}

// checkLate finds out dates only where Evaluate wants to delete.
func checkLate(t *testing.T, w *world, e *Entry, want map[string]Decision) (spared int) {
	late := slices.Clone(w.images)
	for i := range late {
		late[i].Created = time.Time{}
	}
	first := e.Evaluate(late, w.inUse, noon)
	for i := range late {
		late[i].Created = w.images[i].Created
		if !slices.ContainsFunc(late[i].Tags, func(tag string) bool {
			return first[tag].Verdict == NotKept || first[tag].Verdict == UnknownDate
		}) {
			late[i].Created = time.Time{}
			spared++
		}
	}
	got := deleted(e.Evaluate(late, w.inUse, noon))
	if diff := cmp.Diff(deleted(want), got); diff != "" {
		t.Errorf("with late dates (-want +got):\n%s", diff)
	}
	return spared
}

// An image without a date that can be believed is never deleted because of its age.
func TestUnknownIsNotOld(t *testing.T) {
	worlds(t, func(t *testing.T, w *world, _ Spec, e *Entry) {
		if !e.last.byDate() && e.within.rule == 0 && !e.grace.strict {
			return
		}
		decisions := e.Evaluate(w.images, w.inUse, noon)
		for i := range w.images {
			if _, known := w.images[i].Date(noon); known {
				continue
			}
			for _, tag := range w.images[i].Tags {
				if decisions[tag].Verdict == NotKept {
					t.Errorf("%q is deleted", tag)
				}
			}
		}
	})
}
