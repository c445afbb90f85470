package compare

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
)

// Since is how a run compares with an earlier one.
type Since struct {
	Run     *journal.Run
	Changes []alike.Change // targets that changed alike are one of them, the most first
	Counts  map[journal.Kind]int
	New     []string // names of targets that the earlier run did not have
	Gone    []string // and of those that it had
	source  alike.Source
	kept    []journal.Change
}

// Since compares the results with those of run. Targets are those of this run, in the
// order of the results; source is that of its outputs.
func (g *Groups) Since(run *journal.Run, targets []journal.Target, source alike.Source) *Since {
	rows := make([]journal.Row, len(g.members))
	for i, m := range g.members {
		rows[i] = journal.Row{Fingerprint: m.Print.Long()}
	}
	s := &Since{Run: run, Counts: map[journal.Kind]int{}, source: source}
	changed := map[[2]string]int{} // fingerprints then and now → index in s.Changes
	for i, c := range run.Compare(targets, rows) {
		s.Counts[c.Kind]++
		switch c.Kind {
		case journal.New:
			s.New = append(s.New, g.names[i])
		case journal.Gone:
			s.Gone = append(s.Gone, c.Target.Pod)
		case journal.Changed:
			key := [2]string{c.Before.Fingerprint, c.After.Fingerprint}
			at, ok := changed[key]
			if !ok {
				at = len(s.Changes)
				changed[key] = at
				s.Changes = append(s.Changes, s.change(c, g.members[i], i))
			}
			now := &s.Changes[at].Now
			now.Members, now.Names = append(now.Members, i), append(now.Names, g.names[i])
		}
	}
	slices.SortStableFunc(s.Changes, func(a, b alike.Change) int { return cmp.Compare(len(b.Now.Members), len(a.Now.Members)) })
	return s
}

// change is one whose first target is member index of now. What it was then is known
// to the source by a negative number.
func (s *Since) change(c journal.Change, now alike.Member, index int) alike.Change {
	s.kept = append(s.kept, c)
	then := alike.Group{Verdict: alike.Verdict{Outcome: string(c.Before.Outcome), Code: engine.Unknown}, Names: []string{now.Name}, Members: []int{index}, Representative: -len(s.kept)}
	if c.Before.ExitCode != nil {
		then.Code = *c.Before.ExitCode
	}
	if then.Outcome != "ok" && then.Outcome != "failed" {
		then.Reason = c.Before.Reason
	}
	if b, err := hex.DecodeString(c.Before.Fingerprint); err == nil {
		copy(then.Print[:], b)
	}
	return alike.Change{
		Then: then, Now: alike.Group{Print: now.Print, Verdict: now.Verdict, Representative: index, Masked: now.Masked},
		Kept: c.Before.Output != nil && !c.Before.Output.Dropped,
	}
}

// Source reads outputs of both runs.
func (s *Since) Source(index int) (alike.Output, error) {
	if index >= 0 {
		return s.source(index)
	}
	c := s.kept[-index-1]
	stdout, stderr, err := c.Before.Output.Text()
	if err != nil {
		return alike.Output{}, err
	}
	t := s.Run.Targets[slices.IndexFunc(s.Run.Targets, func(t journal.Target) bool { return t.Key() == c.Target.Key() })]
	return alike.Output{
		Stdout: bytes.NewReader(stdout), Stderr: bytes.NewReader(stderr),
		Identity: alike.Identity{Pod: t.Pod, UID: t.UID, IP: t.IP, Node: t.Node, Workload: t.Workload},
	}, nil
}
