package pick

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// model is the list, what is typed, and where the cursor is. It knows no terminal.
type model struct {
	table  Table
	widths []int // of the columns, in characters

	filter  string
	matches []int // indexes of the rows that match filter
	cursor  int   // index in matches
	top     int   // index in matches of the first row that is shown
}

func newModel(t Table) *model {
	m := &model{table: t.sanitized()}
	for _, row := range append([][]string{m.table.Header}, m.table.Rows...) {
		for i, cell := range row {
			if i == len(m.widths) {
				m.widths = append(m.widths, 0)
			}
			m.widths[i] = max(m.widths[i], utf8.RuneCountInString(cell))
		}
	}
	m.search("")
	return m
}

// chosen is the row under the cursor.
func (m *model) chosen() (row int, ok bool) {
	if len(m.matches) == 0 {
		return 0, false
	}
	return m.matches[m.cursor], true
}

// search shows the rows that hold every word of text, whatever its case. A text
// that is the number of a row puts the cursor there.
func (m *model) search(text string) {
	m.filter, m.cursor, m.top = text, 0, 0
	m.matches = m.matches[:0]
	number, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(number) != text {
		number = 0
	}
	words := strings.Fields(strings.ToLower(text))
	for i, row := range m.table.Rows {
		if i+1 != number && !holds(strings.ToLower(strings.Join(row, " ")), words) {
			continue
		}
		if i+1 == number {
			m.cursor = len(m.matches)
		}
		m.matches = append(m.matches, i)
	}
}

func holds(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// press takes a key that moves the cursor or changes the filter. A page is the
// number of rows that are shown.
func (m *model) press(k key, page int) {
	last := max(len(m.matches)-1, 0)
	switch k.name {
	case keyUp:
		m.cursor = max(m.cursor-1, 0)
	case keyDown:
		m.cursor = min(m.cursor+1, last)
	case keyPageUp:
		m.cursor = max(m.cursor-page, 0)
	case keyPageDown:
		m.cursor = min(m.cursor+page, last)
	case keyHome:
		m.cursor = 0
	case keyEnd:
		m.cursor = last
	case keyErase:
		_, n := utf8.DecodeLastRuneInString(m.filter)
		m.search(m.filter[:len(m.filter)-n])
	case keyClear:
		m.search("")
	case keyText:
		m.search(m.filter + k.text)
	}
}

// size is that of the terminal, in characters.
type size struct{ width, height int }

// page is how many rows fit beside the title, the header and the prompt.
func (s size) page() int { return max(s.height-3, 1) }

// view is what the terminal shows: lines that are narrower than it, the prompt last.
func (m *model) view(s size) []string {
	page := s.page()
	m.top = max(min(m.top, m.cursor), m.cursor-page+1)
	columns := m.fit(s.width - len(m.mark(0, false)) - 1)
	lines := []string{cut(m.table.Title, s.width-1), cut(strings.Repeat(" ", len(m.mark(0, false)))+m.line(m.table.Header, columns), s.width-1)}
	for i := m.top; i < min(m.top+page, len(m.matches)); i++ {
		row := m.matches[i]
		lines = append(lines, cut(m.mark(row+1, i == m.cursor)+m.line(m.table.Rows[row], columns), s.width-1))
	}
	if s.height < len(lines)+1 { // a window of few lines has no room for a frame
		lines = lines[min(2, len(lines)):]
	}
	return append(lines, cut(fmt.Sprintf("%d of %d > %s", len(m.matches), len(m.table.Rows), m.filter), s.width-1))
}

// mark is what stands before a row: the cursor, and the row's number.
func (m *model) mark(number int, cursor bool) string {
	pointer := " "
	if cursor {
		pointer = ">"
	}
	return fmt.Sprintf("%s %*d  ", pointer, len(strconv.Itoa(len(m.table.Rows))), number)
}

// fit returns how wide columns are in a terminal that leaves width for them. The
// last ones go first, and the first one never goes.
func (m *model) fit(width int) []int {
	columns := slices.Clone(m.widths)
	for len(columns) > 1 && total(columns) > width {
		columns = columns[:len(columns)-1]
	}
	if len(columns) == 1 {
		columns[0] = min(columns[0], max(width, 1))
	}
	return columns
}

const gap = 2 // between columns

func total(columns []int) int {
	sum := -gap
	for _, width := range columns {
		sum += width + gap
	}
	return sum
}

func (m *model) line(row []string, columns []int) string {
	var b strings.Builder
	for i, width := range columns {
		cell := ""
		if i < len(row) {
			cell = shorten(row[i], width)
		}
		b.WriteString(cell)
		if i < len(columns)-1 {
			b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(cell)+gap))
		}
	}
	return b.String()
}

// shorten cuts text in its middle: the names of the pods of a workload differ at
// their ends.
func shorten(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	tail := (width - 1) / 2
	return string(runes[:max(width-1-tail, 0)]) + "…" + string(runes[len(runes)-tail:])
}

// cut ends text where the window does.
func cut(text string, width int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), max(width, 0))])
}
