package advice

import (
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Thresholds of the rules about single keys.
const (
	dominant     = 0.25     // share of all bytes
	manyElements = 100_000  // that one command may have to go through
	hugeString   = 10 << 20 // bytes that one command may have to send
)

// ofKeys looks at the biggest keys. One rule speaks about a key at most.
func ofKeys(r *report.Report) (list []report.Advice) {
	for _, k := range r.Biggest {
		if a, ok := ofKey(k, r.Totals.Bytes); ok {
			list = append(list, a)
		}
	}
	return list
}

func ofKey(k report.Key, all int64) (report.Advice, bool) {
	switch {
	case all >= minBytes && float64(k.Bytes) >= dominant*float64(all):
		return report.Advice{ID: "dominant-key", Severity: "act", Title: "one key has a large part of all memory: " + k.Name,
			Why:  fmt.Sprintf("it takes %s of %s in database %d of %s", output.Bytes(k.Bytes), output.Bytes(all), k.DB, k.Server),
			What: "find out what writes it; if it has to go, UNLINK frees it in the background and DEL does not"}, true
	case k.Elements >= manyElements:
		return report.Advice{ID: "big-collection", Severity: "look", Title: fmt.Sprintf("%s has %d elements", k.Name, k.Elements),
			Why:  fmt.Sprintf("a command that goes through all of them, or DEL, holds up everybody else; it takes %s", output.Bytes(k.Bytes)),
			What: "split it, or read it in parts (HSCAN, SSCAN, ZSCAN, LRANGE); remove it with UNLINK"}, true
	case k.Type == "string" && k.Bytes >= hugeString:
		return report.Advice{ID: "huge-string", Severity: "look", Title: fmt.Sprintf("%s is a string of %s", k.Name, output.Bytes(k.Bytes)),
			Why:  "each GET sends all of it, over one thread and one connection",
			What: "store such values elsewhere, compressed, or in parts"}, true
	}
	return report.Advice{}, false
}
