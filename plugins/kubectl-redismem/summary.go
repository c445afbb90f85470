package main

import (
	"fmt"
	"io"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func percent(share float64) string { return fmt.Sprintf("%.1f%%", share*100) }

// summarize says on stderr what the figures are about.
func summarize(w io.Writer, r *report.Report, used *redisconn.Credential) {
	c := r.Coverage
	for i, s := range r.Servers {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if i == most {
			fmt.Fprintf(w, "and %d more", len(r.Servers)-most)
			break
		}
		tellServer(w, s)
	}
	if used != nil {
		fmt.Fprintf(w, ", password from %s", streams.SanitizeLine(used.Source))
	}
	fmt.Fprintf(w, "\n%d of %d keys in %.1f s", c.Seen, max(c.KeysBefore, c.Seen), c.Seconds)
	if c.Seconds > 0 {
		fmt.Fprintf(w, " (%s/s)", streams.Count(int64(float64(c.Seen)/c.Seconds)))
	}
	fmt.Fprintf(w, "; their sizes sum to %s\n", output.Bytes(r.Totals.Bytes))
	if c.Vanished > 0 {
		fmt.Fprintf(w, "note: %d keys were gone before their size was asked\n", c.Vanished)
	}
	if c.Foreign > 0 {
		fmt.Fprintf(w, "note: %d keys were left to the nodes that have their hash slots now\n", c.Foreign)
	}
	if c.Repeats > 0 {
		fmt.Fprintf(w, "note: SCAN returned at least %d keys more than once, so the figures are a little too high\n", c.Repeats)
	}
	if changedMuch(c) {
		fmt.Fprintf(w, "note: the server had %d keys when the scan began and %d when it ended\n", c.KeysBefore, c.KeysAfter)
	}
	if c.Restarts > 0 {
		fmt.Fprintf(w, "note: a server was lost %d times, and its shard counted anew from another node\n", c.Restarts)
	}
	for _, m := range c.Missing {
		fmt.Fprintf(w, "missing: %s\n", streams.SanitizeLine(m))
	}
	if c.Reconnects > 0 {
		fmt.Fprintf(w, "note: the connection was lost and resumed %d times; nothing is missing\n", c.Reconnects)
	}
}

// most servers are told about one by one.
const most = 6

func tellServer(w io.Writer, s report.Server) {
	text := func(s string) string { return streams.SanitizeLine(s) }
	if s.Flavour == "" {
		fmt.Fprintf(w, "%s: not read", s.Address)
		return
	}
	fmt.Fprintf(w, "%s: %s %s, %s, used memory %s", s.Address, text(s.Flavour), text(s.Version), text(s.Role), output.Bytes(s.UsedMemory))
	if s.MaxMemory > 0 {
		fmt.Fprintf(w, " of %s", output.Bytes(s.MaxMemory))
	}
	if s.Shard != "" {
		fmt.Fprintf(w, ", slots %s", s.Shard)
	}
}

// changedMuch reports whether a tenth of the keys came or went during the scan:
// more than its figures can pass over.
func changedMuch(c report.Coverage) bool {
	const few, part = 10, 10
	change := max(c.KeysBefore-c.KeysAfter, c.KeysAfter-c.KeysBefore)
	return c.KeysAfter >= 0 && change >= few && change >= max(c.KeysBefore, c.KeysAfter)/part
}
