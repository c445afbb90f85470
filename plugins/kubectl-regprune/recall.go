package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// recall tells of an earlier run of the same plan before anybody is asked: what that one
// has deleted is in its backup, and in no later one. If it was put back, somebody wanted
// it, and --quiet does not silence that.
func (j *job) recall() {
	dir, err := backup.DefaultDir()
	if err != nil || j.backup != nil {
		return // nothing depends on it
	}
	runs, err := backup.List(dir)
	if err != nil {
		return
	}
	io := j.session.flags.io
	switch r := earlier(runs, j.raw); {
	case r == nil:
	case wasPutBack(*r):
		fmt.Fprintf(io.Err, "warning: run %s was about the same plan, and what it deleted was put back, or a part of that: it goes again\n", r.Name)
	case !io.Quiet:
		fmt.Fprintf(io.Err, "note: run %s was about the same plan, and has what it deleted; to go on with it: kubectl regprune apply --resume %s\n", r.Name, r.Name)
	}
}

// earlier is the run of a plan that matters most, nil if there is none: the newest one
// that has deleted something, or else the newest one.
func earlier(runs []backup.Run, raw []byte) (found *backup.Run) {
	for i, r := range runs {
		if r.State == backup.Unfinished || !r.Deleted() && found != nil {
			continue
		}
		file := filepath.Join(r.Dir, "plan.json")
		if info, err := os.Stat(file); err != nil || info.Size() != int64(len(raw)) {
			continue
		}
		if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, raw) {
			continue
		}
		if found = &runs[i]; r.Deleted() {
			break
		}
	}
	return found
}

func wasPutBack(r backup.Run) bool { return r.State == backup.PutBack || r.State == backup.AllBack }
