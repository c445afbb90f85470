package main

import (
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
)

// report is what apply has to tell: people read each part when it is known, which may be
// minutes before the next, and programs one document at the end.
type report struct {
	flags   *flags
	applied *apply.Result // nil if it did not come to that
	after   render.After
}

func (r *report) people() bool { return r.flags.show.output == render.Table }

// forPeople shows what was deleted.
func (r *report) forPeople() error {
	if r.applied == nil || !r.people() {
		return nil
	}
	return render.Apply(r.flags.io.Out, render.Table, r.applied, r.after, r.flags.resultOptions())
}

func (r *report) collected(c *collect.Report) error {
	r.after.Collected = c
	if r.applied == nil { // there was nothing to delete
		r.applied = &apply.Result{}
	}
	if r.people() {
		return r.flags.showCollected(c)
	}
	return nil
}

func (r *report) verified(v *verify.Result) error {
	r.after.Verified = v
	if r.people() {
		return r.flags.showVerified(v)
	}
	return nil
}

// end writes the document, however it ended.
func (r *report) end(err error) error {
	if r.applied == nil || r.people() {
		return err
	}
	printErr := render.Apply(r.flags.io.Out, r.flags.show.output, r.applied, r.after, r.flags.resultOptions())
	if err == nil {
		err = printErr // what happened to the registry matters more than who was told
	}
	return err
}
