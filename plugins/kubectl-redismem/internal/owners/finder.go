package owners

import (
	"bytes"
	"strconv"
)

// finder picks the keys out of a command's arguments as they pass by. It asks for
// as few of them as it can: what it does not want is never kept.
type finder struct {
	layout *layout
	keys   [][]byte
	n      int // arguments seen
	left   int // keys still to come, where their number was told
	armed  bool
	skip   int
	wrong  bool
	sub    bool // the layout is a subcommand's
}

func (f *finder) begin(l *layout) { *f = finder{layout: l, keys: f.keys[:0]} }

// wants reports whether argument arg, counted from 1, is a key or says where keys
// are.
func (f *finder) wants(arg int) bool {
	l := f.layout
	if arg == 1 && l.subs != nil && !f.sub {
		return true
	}
	switch l.rule {
	case counted1:
		return arg == 1 || f.left > 0
	case counted2:
		return arg == 2 || f.left > 0
	case destPlus:
		return arg <= 2 || f.left > 0
	case storeWord:
		return true
	case streams:
		return f.skip == 0
	case migrate:
		return arg == 3 || arg > 5 && f.skip == 0
	}
	return l.first > 0 && arg >= l.first && (arg-l.first)%l.step == 0 && (l.last < 0 || arg <= l.last)
}

// pass takes note of an argument that is not wanted.
func (f *finder) pass() {
	f.n++
	f.skip = max(0, f.skip-1)
}

// take gets an argument that is wanted. It keeps a copy if that is a key.
func (f *finder) take(arg int, b []byte) {
	f.n++
	l := f.layout
	if arg == 1 && l.subs != nil && !f.sub {
		f.sub = true
		if s := l.subs[string(bytes.ToUpper(b))]; s != nil {
			f.layout = s
		} else {
			f.layout = &layout{movable: l.movable}
		}
		return
	}
	switch l.rule {
	case counted1, counted2, destPlus:
		f.takeCounted(arg, b)
	case storeWord:
		f.takeStore(arg, b)
	case streams:
		f.takeStreams(b)
	case migrate:
		f.takeMigrate(arg, b)
	default:
		f.key(b)
	}
}

func (f *finder) key(b []byte) { f.keys = append(f.keys, bytes.Clone(b)) }

func (f *finder) takeCounted(arg int, b []byte) {
	at := map[rule]int{counted1: 1, counted2: 2, destPlus: 2}[f.layout.rule]
	switch {
	case arg < at:
		f.key(b)
	case arg > at:
		f.left--
		f.key(b)
	default:
		n, err := strconv.Atoi(string(b))
		f.left, f.wrong = n, err != nil || n < 0
	}
}

func (f *finder) takeStore(arg int, b []byte) {
	switch {
	case arg == 1, f.armed:
		f.key(b)
		f.armed = false
	case bytes.EqualFold(b, []byte("STORE")), bytes.EqualFold(b, []byte("STOREDIST")):
		f.armed = true
	}
}

// takeStreams holds all that follows STREAMS: where the keys end and the IDs
// begin shows only at the end. GROUP has two words that may be any.
func (f *finder) takeStreams(b []byte) {
	switch {
	case f.armed:
		f.key(b)
	case bytes.EqualFold(b, []byte("GROUP")):
		f.skip = 2
	case bytes.EqualFold(b, []byte("STREAMS")):
		f.armed = true
	}
}

// takeMigrate passes the passwords of AUTH and AUTH2 by.
func (f *finder) takeMigrate(arg int, b []byte) {
	switch {
	case arg == 3:
		if len(b) > 0 {
			f.key(b)
		}
	case f.armed:
		f.key(b)
	case bytes.EqualFold(b, []byte("AUTH")):
		f.skip = 1
	case bytes.EqualFold(b, []byte("AUTH2")):
		f.skip = 2
	case bytes.EqualFold(b, []byte("KEYS")):
		f.armed = true
	}
}

// end returns the keys, and whether they are all.
func (f *finder) end() (keys [][]byte, known bool) {
	l := f.layout
	keys = f.keys
	switch {
	case l.rule == streams:
		keys = keys[:len(keys)/2]
	case l.rule == byPlace && l.first > 0 && l.last < -1: // the last few arguments are none
		// Arguments at first, first+step, … were taken up to n.
		last := f.n + 1 + l.last
		most := 0
		if last >= l.first {
			most = (last-l.first)/l.step + 1
		}
		keys = keys[:min(len(keys), most)]
	}
	return keys, !l.movable && !f.wrong && f.left <= 0
}
