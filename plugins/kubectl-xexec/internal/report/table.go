package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// table has a line for each result. It is written at the end, because only then
// the width of its columns is known.
type table struct {
	w     writer
	width int
	rows  [][]string
}

// The columns. Those of where a target is are left out if all have the same there.
var columns = []output.Column{
	{Header: "CONTEXT"}, {Header: "NAMESPACE"}, {Header: "POD"}, {Header: "CONTAINER"},
	{Header: "NODE", Drop: 1}, {Header: "OUTCOME"}, {Header: "CODE", Right: true}, {Header: "TIME", Right: true},
	{Header: "OUTPUT", Shrink: true},
}

// sameOut are the columns that go if they tell nothing apart.
var sameOut = []int{3, 1, 0}

func (t *table) begin() {}

func (t *table) row(r row) error {
	target := r.result.Target
	code, took := "-", "-"
	if c, ok := r.code(); ok {
		code = fmt.Sprint(c)
	}
	if r.result.Ran() {
		took = fmt.Sprintf("%.1fs", r.result.Duration.Seconds())
	}
	says, err := r.says()
	cells := []string{target.Context, target.Namespace, target.Pod, target.Container, target.Node,
		string(r.result.Outcome), code, took, says}
	for i, c := range cells {
		cells[i] = streams.SanitizeLine(c)
	}
	t.rows = append(t.rows, cells)
	return err
}

// says is what tells most about a result in one line: of a command that failed
// its complaint, of one that nobody knows the end of the reason.
func (r row) says() (string, error) {
	first, second := r.out.Stdout, r.out.Stderr
	switch r.result.Outcome {
	case podexec.OK:
	case podexec.Failed:
		first, second = second, first
	default:
		return r.result.Why(), nil
	}
	for _, s := range []*spool.Spool{first, second} {
		line, err := firstLine(s)
		if line != "" || err != nil {
			return line, err
		}
	}
	return "", nil
}

// longest is how much of a line can show in any table, in bytes.
const longest = 1 << 10

// firstLine is the first line that is not blank, and an ellipsis if it is too long.
func firstLine(s *spool.Spool) (string, error) {
	p := make([]byte, 8*longest)
	n, err := s.ReadAt(p, 0)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading back output: %w", err)
	}
	text := strings.TrimLeft(string(p[:n]), " \t\r\n")
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimRight(line, " \t\r")
	if len(line) > longest {
		cut := []byte(line[:longest])
		line = string(cut[:longest-unfinished(cut)]) + "…"
	}
	return line, nil
}

func (t *table) end() error {
	shown := output.Table{Columns: append([]output.Column{}, columns...), Rows: t.rows}
	for _, i := range sameOut {
		if t.same(i) {
			shown.Columns = append(shown.Columns[:i:i], shown.Columns[i+1:]...)
			for n, cells := range shown.Rows {
				shown.Rows[n] = append(cells[:i:i], cells[i+1:]...)
			}
		}
	}
	return shown.Write(t.w, t.width)
}

// same reports whether all rows have the same in column i. A skipped pod may have
// no container, which tells it apart from nothing.
func (t *table) same(i int) bool {
	seen := ""
	for _, cells := range t.rows {
		if cells[i] == "" {
			continue
		}
		if seen != "" && cells[i] != seen {
			return false
		}
		seen = cells[i]
	}
	return true
}
