package apply

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// land notes how it went with items, in the journal as one piece.
func (r *run) land(landings ...landing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []backup.Line
	for _, l := range landings {
		i := l.item
		if l.outcome == Remaining || i.Outcome != Remaining {
			continue
		}
		i.Outcome, i.Reason, i.Now, i.Err = l.outcome, l.reason, l.now, l.err
		lines = append(lines, line(i, i.Outcome, i.Reason, i.Err))
		r.done++
	}
	if len(lines) == 0 {
		return
	}
	r.journal.Write(lines...)
	if err := r.journal.Err(); err != nil {
		r.stop(err)
	}
	if r.opts.Progress != nil {
		r.opts.Progress(r.done, r.total)
	}
}

// revise takes back what was said of an item that is done.
func (r *run) revise(i *Item, o Outcome, why Reason, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i.Outcome, i.Reason, i.Err = o, why, err
	r.journal.Write(line(i, o, why, err))
}

// line is an item's line in the journal.
func line(i *Item, o Outcome, why Reason, err error) backup.Line {
	l := backup.Line{Kind: backup.LineItem, Repo: i.Repo, Tag: i.Tag, Digest: i.Digest, Outcome: string(o), Reason: string(why)}
	if err != nil {
		l.Error = err.Error()
	}
	return l
}

// id is what an item is, whatever has happened to it.
func (i *Item) id() Item { return Item{Tag: i.Tag, Digest: i.Digest} }

// outcome is how it went with i, so far.
func (r *run) outcome(i *Item) Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return i.Outcome
}

// replay takes over what earlier runs have done, until the server has been asked. What
// they skipped or failed at is tried again, but for tags that were moved and what had
// come back: if that is there as the plan says, somebody wants it so, and this plan
// never deletes it again. Nor what the backup has not got.
func (r *run) replay(lines []backup.Line) {
	repos := map[string]*repository{}
	for _, p := range r.repos {
		repos[p.name] = p
	}
	for _, l := range lines {
		p := repos[l.Repo]
		if p == nil {
			continue
		}
		if l.Kind == backup.LineOverwrite {
			p.placeholders[l.Tag] = append(p.placeholders[l.Tag], l.Temporary)
			continue
		}
		i := p.manifests[l.Digest]
		if l.Tag != "" {
			i = p.tags[l.Tag]
		}
		if i == nil || i.Digest != l.Digest {
			continue
		}
		switch o := Outcome(l.Outcome); {
		case o == Deleted || o == Gone:
			i.Outcome = o
		case Reason(l.Reason) == Moved:
			i.Outcome, i.Reason = Remaining, Moved // until it is known where it leads now
		case Reason(l.Reason) == PushedAgain:
			i.Outcome = Gone
		default:
			i.Outcome, i.Reason = Remaining, ""
		}
	}
	for _, p := range r.repos {
		for _, i := range slices.Concat(p.tagList, p.manifestList) {
			if p.absent[i.Digest] {
				i.Outcome = Gone
			}
			if i.Outcome != Remaining {
				r.earlier[i] = true
				r.done++
			}
		}
	}
}
