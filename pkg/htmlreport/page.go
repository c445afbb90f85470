// Package htmlreport writes a report about where space went as one HTML file:
// a treemap and an icicle to zoom into, tables, distributions, a waterfall.
//
// It knows nothing of what is measured. The caller describes a [Page]; [Page.Write]
// makes a file that needs no network, no server and no other file, ever: its
// style and script are inside it, and its Content-Security-Policy allows nothing
// else. Tables and the waterfall are plain HTML and work without JavaScript.
//
// All text may be hostile. Whatever is not plain printable text (control
// characters, marks of direction, bytes that are not UTF-8) is shown as \xNN or
// \uNNNN, and nothing is ever taken as markup.
package htmlreport

// Page is everything a report shows, from top to bottom. Empty parts are left out.
type Page struct {
	Program   string // above the title: kubectl redismem
	Title     string
	Lead      string // one sentence that answers the question
	Facts     []Fact
	Banners   []Banner // what a reader must know before believing the figures
	Cards     []Card
	CardsHead string
	Map       Map
	Table     Table
	Waterfall *Waterfall
	Lists     []Table // further tables
	Receipts  []Receipt
	Notes     []Fact // what the figures mean
}

// Fact is a figure with a name.
type Fact struct {
	Label, Value string
	Note         string // small, below
}

// Receipt is a list of facts under a heading.
type Receipt struct {
	Title, Note string
	Facts       []Fact
}

// Level says how much something matters.
type Level string

// Levels, the most urgent first. They choose colours; a label says it in words.
const (
	Act  Level = "act"
	Look Level = "look"
	Say  Level = "note"
)

// Banner is a statement across the page.
type Banner struct {
	Level       Level
	Title, Text string
}

// Card is one thing to consider.
type Card struct {
	Level   Level
	Label   string // the level in words
	Title   string
	Subject string // what it is about, such as a pattern
	Why     string
	What    string
	Figure  string // such as what it saves
	Node    *Node  // of the map, to zoom to; may be nil
}

// Unit says how a number is written.
type Unit string

// Units. Bytes are binary (KiB), Share is a fraction of 1, Seconds are durations.
const (
	Bytes   Unit = "bytes"
	Count   Unit = "count"
	Share   Unit = "share"
	Seconds Unit = "seconds"
)

// Map is the hierarchy that treemap and icicle show.
type Map struct {
	Title         string
	Note          string
	Measures      []Measure // what areas can stand for; the first is shown at first
	Ratios        []Ratio   // what colours can stand for, beside the branch
	Colour        int       // what they stand for at first: a ratio, from 1; 0 is the branch
	Distributions []Distribution
	Root          *Node
}

// Measure is a number that adds up: a node's is the sum of its children's.
type Measure struct {
	Label string // with a small letter: memory
	Unit  Unit
}

// Ratio is a quotient of two sums, such as bytes by keys.
type Ratio struct {
	Label string
	Unit  Unit // of the quotient
	Log   bool // colour by its logarithm
	Loss  bool // from grey to red: what is lost, not how much there is
}

// Distribution is a histogram that every node may have.
type Distribution struct {
	Title string
	Note  string
	Unit  Unit   // of the bins' bounds
	What  string // is counted: keys
	Empty string // what to say where there is none
}

// Node is a part of the whole. Only what has no children needs figures; if a node
// has both, its own figures are shown as one more child. Errors without Values say
// that a sum is better known than its parts.
type Node struct {
	Name     string // within its parent
	Title    string // in full
	Values   []float64
	Errors   []float64    // half-widths of intervals, by measure; 0 or absent: exact
	Ratios   [][2]float64 // numerator and denominator; 0/0: not known
	Bins     [][]Bin      // by distribution
	Rest     bool         // all that has no name of its own: shown in grey
	Mark     string       // a word that stands on it and hatches it: goes
	Children []*Node
}

// Bin is one bar of a histogram: what is From or more, and less than the next
// bin's From.
type Bin struct {
	From  float64
	Count float64
}

// Table is a list that can be sorted and filtered.
type Table struct {
	Title, Note string
	Columns     []Column
	Rows        []Row
}

// Column describes a cell of each row.
type Column struct {
	Label   string
	Help    string // shown as a tooltip
	Numeric bool   // aligned to the right, and sorted from the largest at first
	Name    bool   // of the row: monospaced, and takes what width is left
	Sorted  bool   // the rows come in this order
}

// Row is a line of a table.
type Row struct {
	Cells []Cell
	Node  *Node  // of the map; may be nil
	Mark  string // a word beside the name: pinned
}

// Cell is what one row says in one column.
type Cell struct {
	Text  string
	Value float64 // to sort by, of numeric columns
	Small string  // below or beside: ± 3 MiB
	Bar   float64 // a share of 1 to draw; 0: none
}

// Waterfall leads from a total to what is left after subtracting each step.
type Waterfall struct {
	Title, Note string
	Total       Step
	Steps       []Step // they add up to the total
	Notes       []string
}

// Step is one signed part of a waterfall's total.
type Step struct {
	Label  string
	Bytes  int64
	Source string // where the figure comes from
	Strong bool   // what the page is about
	Weak   bool   // what nobody can explain
}
