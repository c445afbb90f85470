package owners

import (
	"bytes"
	"strconv"
	"time"
)

// A line of MONITOR is
//
//	+1700000000.123456 [0 10.1.2.3:5555] "SET" "key" "value"
//
// and may be as long as a value of 512 MiB. So it is never put together: the
// parser goes through the bytes as they arrive, and keeps the head, the command's
// name, and those arguments that the command's layout says are keys.

const (
	maxHead    = 256       // time, database and address; a Unix socket's path is the longest
	maxCommand = 64        // bytes of a name; no command has as many
	maxKey     = 64 << 10  // bytes of a key that are kept; a longer one counts as unknown
	maxHeld    = 256 << 10 // bytes of all keys of a command
)

// line is what is known of a command when its line has ended. It is valid until
// the next one.
type line struct {
	at      time.Time // by the server's clock; zero if it is not understood
	db      int       // -1 if it is not understood
	addr    []byte    // 10.1.2.3:5555, lua, unix:/path; nil if it is not understood
	layout  *layout   // of the command or its subcommand; nil if it is not known
	keys    [][]byte
	unknown bool // which are the keys, or all of them, is not known
}

type state uint8

const (
	inHead state = iota
	between
	quoted
	escaped
	hex1
	hex2
)

type parser struct {
	table table
	line  func(*line)

	state state
	head  []byte
	arg   int    // number of the current argument; 0 is the command
	keep  bool   // the current argument
	long  bool   // it was longer than is kept
	high  byte   // first digit of \xNN
	buf   []byte // what is kept of the current argument
	bytes int    // held in keys
	find  finder
	cur   line
}

func (p *parser) feed(b []byte) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch p.state {
		case quoted:
			if !p.keep { // go over a value without looking at it
				n := bytes.IndexAny(b[i:], `"\`)
				if n < 0 {
					return
				}
				i += n
				c = b[i]
			}
			switch c {
			case '"':
				p.endArg()
				p.state = between
			case '\\':
				p.state = escaped
			default:
				p.add(c)
			}
		case escaped:
			if p.state = quoted; c == 'x' {
				p.state = hex1
				continue
			}
			p.add(unescape(c))
		case hex1:
			p.high, p.state = c, hex2
		case hex2:
			p.add(digit(p.high)<<4 | digit(c))
			p.state = quoted
		default:
			p.outside(c)
		}
	}
}

// outside handles a byte that is not in quotes.
func (p *parser) outside(c byte) {
	switch {
	case c == '\n':
		p.endLine()
	case c == '"':
		p.state = quoted
		p.long, p.buf = false, p.buf[:0]
		p.keep = p.arg == 0 || p.cur.layout != nil && p.find.wants(p.arg)
	case p.state == inHead && len(p.head) < maxHead:
		p.head = append(p.head, c)
	}
}

func (p *parser) add(c byte) {
	switch most := p.limit(); {
	case !p.keep:
	case len(p.buf) >= most:
		p.long = true
	default:
		p.buf = append(p.buf, c)
	}
}

func (p *parser) limit() int {
	if p.arg == 0 {
		return maxCommand
	}
	return maxKey
}

func (p *parser) endArg() {
	switch {
	case p.arg == 0:
		p.cur.layout = p.table.find(p.buf)
		p.find.begin(p.cur.layout)
	case p.cur.layout == nil:
	case !p.keep:
		p.find.pass()
	case p.long || p.bytes+len(p.buf) > maxHeld:
		p.cur.unknown = true
		p.find.pass()
	default:
		p.bytes += len(p.buf)
		p.find.take(p.arg, p.buf)
	}
	p.arg++
}

func (p *parser) endLine() {
	p.cur.at, p.cur.db, p.cur.addr = parseHead(p.head)
	if p.cur.layout == nil || p.state != between {
		p.cur.unknown = true
	} else {
		var known bool
		p.cur.keys, known = p.find.end()
		p.cur.unknown = p.cur.unknown || !known
		p.cur.layout = p.find.layout
	}
	p.line(&p.cur)
	p.state, p.arg, p.bytes = inHead, 0, 0
	p.head, p.buf = p.head[:0], p.buf[:0]
	p.cur = line{}
}

// parseHead understands "+1700000000.123456 [0 10.1.2.3:5555] ". An IPv6 address
// has brackets of its own.
func parseHead(head []byte) (at time.Time, db int, addr []byte) {
	head = bytes.TrimPrefix(head, []byte("+"))
	stamp, rest, ok := bytes.Cut(head, []byte(" ["))
	if !ok {
		return at, -1, nil
	}
	if seconds, micros, ok := bytes.Cut(stamp, []byte(".")); ok {
		s, err1 := strconv.ParseInt(string(seconds), 10, 64)
		us, err2 := strconv.ParseInt(string(micros), 10, 64)
		if err1 == nil && err2 == nil {
			at = time.Unix(s, us*1000)
		}
	}
	number, rest, _ := bytes.Cut(rest, []byte(" "))
	db, err := strconv.Atoi(string(number))
	if err != nil {
		db = -1
	}
	end := bytes.LastIndexByte(rest, ']')
	if end < 0 {
		return at, db, nil
	}
	return at, db, rest[:end]
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	}
	return c
}

func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0
}
