package main

import "github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"

// events go to the record and to the line that shows how far the run is.
func (o *options) events(rec *record) engine.Events {
	return engine.Events{
		Trying: func(index, _ int) { rec.writer.Started(index) },
	}
}
