package engine

import "time"

// Events tell how a run gets on. All are optional, must be quick, and may come from
// several goroutines at once. Targets are known by their index in Job.Targets.
type Events struct {
	// Trying comes before each attempt, the first of which is number 1. From here
	// on the command may have started.
	Trying func(index, attempt int)
	// Started comes when the command is known to have started.
	Started func(index int)
	// Retrying comes when an attempt failed harmlessly, before the wait for the next.
	Retrying func(index int, r Result, wait time.Duration)
	// Wave comes when a wave begins: wave number n of all, and its targets.
	Wave func(n, of, targets int)
	// Between comes when a wave has ended and the next waits for its turn.
	Between func(n, of int)
	// Stopped comes once, as soon as it is certain that nothing more will start
	// although targets are left.
	Stopped func(reason string)
}

func (e Events) trying(index, attempt int) {
	if e.Trying != nil {
		e.Trying(index, attempt)
	}
}

func (e Events) started(index int) {
	if e.Started != nil {
		e.Started(index)
	}
}

func (e Events) retrying(index int, r Result, wait time.Duration) {
	if e.Retrying != nil {
		e.Retrying(index, r, wait)
	}
}

func (e Events) wave(n, of, targets int) {
	if e.Wave != nil {
		e.Wave(n, of, targets)
	}
}

func (e Events) between(n, of int) {
	if e.Between != nil {
		e.Between(n, of)
	}
}

func (e Events) stopped(reason string) {
	if e.Stopped != nil {
		e.Stopped(reason)
	}
}
