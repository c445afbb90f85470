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
	how := ""
	if r.Sampling.Mode == report.Keys {
		how = " at random"
	}
	fmt.Fprintf(w, "\n%d of %d keys%s in %.1f s", c.Seen, max(c.KeysBefore, c.Seen), how, c.Seconds)
	if c.Seconds > 0 {
		fmt.Fprintf(w, " (%s/s)", streams.Count(int64(float64(c.Seen)/c.Seconds)))
	}
	fmt.Fprintf(w, "; %s\n", sum(r))
	if c.Vanished > 0 {
		fmt.Fprintf(w, "note: %d keys were gone before their size was asked\n", c.Vanished)
	}
	if c.Foreign > 0 {
		fmt.Fprintf(w, "note: %d keys were left to the nodes that have their hash slots now\n", c.Foreign)
	}
	if c.Repeats > 0 {
		fmt.Fprintf(w, "note: SCAN returned about %d keys more than once, as it may while a table shrinks%s\n", c.Repeats, corrected(r))
	}
	if b := r.Other.ErrorBound; b > 0 {
		fmt.Fprintf(w, "note: there are more names than are kept apart; one that is inside of a * takes up to %s\n", output.Bytes(b))
	}
	for _, n := range r.Sampling.Notes {
		fmt.Fprintf(w, "note: %s\n", streams.SanitizeLine(n))
	}
	if changedMuch(c) {
		fmt.Fprintf(w, "note: the server had %d keys when the scan began and %d when it ended\n", c.KeysBefore, c.KeysAfter)
	}
	if c.Restarts > 0 {
		fmt.Fprintf(w, "note: a server was lost %d times, and its shard counted anew\n", c.Restarts)
	}
	for _, m := range c.Missing {
		fmt.Fprintf(w, "missing: %s\n", streams.SanitizeLine(m))
	}
	if c.Reconnects > 0 {
		fmt.Fprintf(w, "note: the connection was lost and resumed %d times; nothing is missing\n", c.Reconnects)
	}
}

// sum says what the keys' sizes add up to, and how sure that is.
func sum(r *report.Report) string {
	if r.Sampling.Mode == report.Full {
		return "their sizes sum to " + output.Bytes(r.Totals.Bytes)
	}
	return fmt.Sprintf("%d sizes were asked, all keys together take about %s ± %s (95%%)",
		r.Sampling.Sized, output.Bytes(r.Totals.Bytes), output.Bytes(r.Totals.BytesError))
}

// corrected says what became of repeats.
func corrected(r *report.Report) string {
	if r.Totals.Keys < r.Coverage.Seen-r.Coverage.Vanished-r.Coverage.Foreign-r.Coverage.Unreadable {
		return "; they are taken out of the figures"
	}
	return ""
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
