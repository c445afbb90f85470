package journal

import (
	"encoding/json"
	"errors"
)

// parser puts a run together from its lines.
type parser struct {
	run             Run
	boot            string
	started, landed []bool
	ended, damaged  bool
	brief           bool // only the header and the end are there
}

var errLine = errors.New("the line cannot be right")

func (p *parser) header(line []byte) error {
	var h runLine
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	if h.Kind != kindRun || h.Format != format || h.Count < 0 {
		return errLine
	}
	p.run = Run{ID: h.ID, StartedAt: h.StartedAt, Header: h.Header, Total: h.Count}
	p.boot = h.Boot
	return nil
}

func (p *parser) line(line []byte) error {
	var n struct {
		Kind  string `json:"kind"`
		Index int    `json:"index"`
	}
	if err := json.Unmarshal(line, &n); err != nil {
		return err
	}
	switch n.Kind {
	case kindTarget:
		return p.target(n.Index, line)
	case kindEnd:
		var e endLine
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		p.run.End, p.ended = e.End, true
		return nil
	}
	if n.Index < 0 || n.Index >= len(p.run.Targets) {
		return errLine
	}
	switch n.Kind {
	case kindStarted:
		p.started[n.Index] = true
		return nil
	case kindLanded:
		return p.row(n.Index, line)
	}
	return errLine
}

// target takes the line of the next target.
func (p *parser) target(index int, line []byte) error {
	var t targetLine
	if index != len(p.run.Targets) || index >= p.run.Total {
		return errLine
	}
	if err := json.Unmarshal(line, &t); err != nil {
		return err
	}
	p.run.Targets = append(p.run.Targets, t.Target)
	p.run.Rows = append(p.run.Rows, Row{})
	p.started, p.landed = append(p.started, false), append(p.landed, false)
	return nil
}

func (p *parser) row(index int, line []byte) error {
	var l landedLine
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	if l.Outcome == "" {
		return errLine
	}
	p.run.Rows[index], p.landed[index] = l.Row, true
	return nil
}

// finish draws the conclusions. A run that has an end and a row for each target
// needs none.
func (p *parser) finish(alive bool) *Run {
	r := &p.run
	switch {
	case p.ended:
		r.State = Complete
	case alive:
		r.State = Running
	default:
		r.State = Interrupted
		p.damaged = p.damaged || p.boot != boot()
	}
	if r.Damaged = p.damaged; p.brief {
		return r
	}
	r.Damaged = r.Damaged || len(r.Targets) < r.Total
	r.conclude(p.started, p.landed)
	return r
}
