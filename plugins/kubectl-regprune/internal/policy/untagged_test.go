package policy

import (
	"testing"
	"time"
)

func TestUntagged(t *testing.T) {
	long, now := noon.Add(-30*day), noon
	for _, c := range []struct {
		name            string
		spec            Spec
		pushed, created time.Time
		want            Verdict
	}{
		{"nobody asked", Spec{Delete: []string{"*"}}, long, long, Unmatched},
		{"old", Spec{Untagged: true}, long, time.Time{}, NotKept},
		{"old image, pushed now", Spec{Untagged: true}, now, long, TooYoung},
		{"only created", Spec{Untagged: true}, time.Time{}, long, NotKept},
		{"unknown", Spec{Untagged: true}, time.Time{}, time.Unix(0, 0), UnknownDate},
		{"younger than asked", Spec{Untagged: true, UntaggedMinAge: "31d"}, long, long, TooYoung},
		{"as old as asked", Spec{Untagged: true, UntaggedMinAge: "30d"}, long, long, NotKept},
		{"the grace of tags is another", Spec{Untagged: true, Delete: []string{"*"}, MinAge: "31d"}, long, long, NotKept},
		{"no grace", Spec{Untagged: true, UntaggedMinAge: "0"}, time.Time{}, time.Time{}, NotKept},
	} {
		p, err := FromFlags(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := p.For("app")
		if got := e.Untagged(c.pushed, c.created, now); got.Verdict != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		} else if e.Untags() && p.Words()[got.Rule-1][:16] != "delete manifests" {
			t.Errorf("%s: decided by %q", c.name, p.Words()[got.Rule-1])
		}
	}
}

// A repository without an entry keeps everything, and needs nothing to be known.
func TestNoEntryKeepsAll(t *testing.T) {
	p, err := FromFlags(Spec{Repositories: []string{"other"}, Delete: []string{"*"}, Untagged: true})
	if err != nil {
		t.Fatal(err)
	}
	e, position := p.For("app")
	if e != nil || position != 0 {
		t.Fatalf("For() = %v, %d", e, position)
	}
	if got := e.Untagged(noon, noon, noon); got != (Decision{Verdict: NoRule}) {
		t.Errorf("Untagged() = %v", got)
	}
	if e.NeedsPushed() || e.NeedsCreated(false) || !e.GraceOnly() || e.Untags() {
		t.Error("it needs something")
	}
}

func TestWhichDatesAreNeeded(t *testing.T) {
	one := 1
	for _, c := range []struct {
		name                               string
		spec                               Spec
		pushed, created, anyway, graceOnly bool
	}{
		{"nothing", Spec{KeepNumber: []string{">1"}, MinAge: "0"}, false, false, false, true},
		{"the grace", Spec{KeepNumber: []string{">1"}}, true, true, false, true},
		{"within", Spec{KeepWithin: "3d", MinAge: "0"}, true, true, false, false},
		{"last", Spec{KeepLast: &one, MinAge: "0"}, true, true, false, false},
		{"last pushed", Spec{KeepLast: &one, Sort: SortPushed, MinAge: "0"}, true, false, false, false},
		{"last created", Spec{KeepLast: &one, Sort: SortCreated, MinAge: "0"}, false, true, true, false},
		{"last version", Spec{KeepLast: &one, Sort: SortSemver, MinAge: "0"}, false, false, false, true},
		{"untagged", Spec{Untagged: true, MinAge: "0"}, true, true, false, true},
	} {
		p, err := FromFlags(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := p.For("app")
		if e.NeedsPushed() != c.pushed || e.NeedsCreated(false) != c.created || e.NeedsCreated(true) != c.anyway || e.GraceOnly() != c.graceOnly {
			t.Errorf("%s: pushed %v, created %v, created anyway %v, only the grace %v", c.name, e.NeedsPushed(), e.NeedsCreated(false), e.NeedsCreated(true), e.GraceOnly())
		}
	}
}
