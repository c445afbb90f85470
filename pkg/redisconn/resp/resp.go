// Package resp speaks the part of Redis's protocol, RESP2, that a scan needs,
// without an allocation per key: commands are appended to a byte slice, and
// replies are read into memory that the caller owns.
//
// It is no client. go-redis does everything that is not in the hot path: it
// spends four allocations on each MEMORY USAGE, which is most of the time of a
// scan over a fast link.
package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Error is an error reply of the server, such as "NOAUTH Authentication
// required.", without the leading minus sign.
type Error string

func (e Error) Error() string { return string(e) }

// Code is the reply's first word, in capitals by convention: NOAUTH, NOPERM, ERR.
func (e Error) Code() string {
	for i := range len(e) {
		if e[i] == ' ' {
			return string(e[:i])
		}
	}
	return string(e)
}

// ErrProtocol says that what arrived is no RESP: the peer is not a Redis, or
// the stream is out of step. The connection is of no further use.
var ErrProtocol = errors.New("not the Redis protocol")

// AppendCommand appends a command with the given arguments to b.
func AppendCommand(b []byte, args ...string) []byte {
	b = AppendHeader(b, len(args))
	for _, a := range args {
		b = AppendArg(b, a)
	}
	return b
}

// AppendHeader begins a command of n arguments; n AppendArg calls must follow.
func AppendHeader(b []byte, n int) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, '\r', '\n')
}

// AppendArg appends one argument, any bytes.
func AppendArg[T string | []byte](b []byte, arg T) []byte {
	b = append(b, '$')
	b = strconv.AppendInt(b, int64(len(arg)), 10)
	b = append(b, '\r', '\n')
	b = append(b, arg...)
	return append(b, '\r', '\n')
}

// Reader reads replies. Use one of its methods per reply, the one for the type
// that the command answers with; an error reply comes back as an [Error] and
// leaves the stream in step.
type Reader struct {
	r *bufio.Reader
}

const (
	readBuffer = 64 << 10
	// maxLine bounds a status, error or number line: Redis's own are far shorter,
	// and a peer that never ends its line must not fill our memory.
	maxLine = 32 << 10
	// maxBulk is Redis's default proto-max-bulk-len, the longest possible key.
	maxBulk  = 512 << 20
	maxArray = 1 << 24
	// bulkStep bounds what is reserved on a peer's word before bytes arrive.
	bulkStep = 1 << 20
)

// NewReader returns a Reader over r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, readBuffer)} }

// line returns the next line's type byte and text, valid until the next read.
func (r *Reader) line() (kind byte, text []byte, err error) {
	text, err = r.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return 0, nil, fmt.Errorf("%w: a line longer than %d bytes", ErrProtocol, maxLine)
	}
	if err != nil {
		if len(text) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, text, err
	}
	n := len(text)
	if n < 3 || text[n-2] != '\r' || n > maxLine {
		return 0, text, fmt.Errorf("%w: %q", ErrProtocol, shorten(text))
	}
	return text[0], text[1 : n-2], nil
}

func shorten(text []byte) []byte { return text[:min(len(text), 60)] }

func unexpected(kind byte, text []byte) error {
	if kind == '-' {
		return Error(text)
	}
	return fmt.Errorf("%w: unexpected reply %q", ErrProtocol, string(kind)+string(shorten(text)))
}

// Status reads a status reply, such as OK.
func (r *Reader) Status() (string, error) {
	kind, text, err := r.line()
	if err != nil {
		return "", err
	}
	if kind != '+' {
		return "", unexpected(kind, text)
	}
	return string(text), nil
}

// Int reads a number. Null says that the reply was nil instead.
func (r *Reader) Int() (n int64, null bool, err error) {
	kind, text, err := r.line()
	if err != nil {
		return 0, false, err
	}
	switch {
	case kind == ':':
		n, err = parseInt(text)
		return n, false, err
	case kind == '$' && len(text) == 2 && text[0] == '-':
		return 0, true, nil
	}
	return 0, false, unexpected(kind, text)
}

// ArrayLen reads the header of an array whose elements the caller reads next.
func (r *Reader) ArrayLen() (int, error) {
	kind, text, err := r.line()
	if err != nil {
		return 0, err
	}
	if kind != '*' {
		return 0, unexpected(kind, text)
	}
	n, err := parseInt(text)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > maxArray {
		return 0, fmt.Errorf("%w: an array of %d elements", ErrProtocol, n)
	}
	return int(n), nil
}

// AppendBulk reads a string of any bytes and appends it to dst.
func (r *Reader) AppendBulk(dst []byte) ([]byte, error) {
	kind, text, err := r.line()
	if err != nil {
		return dst, err
	}
	if kind != '$' {
		return dst, unexpected(kind, text)
	}
	n, err := parseInt(text)
	if err != nil {
		return dst, err
	}
	if n < 0 || n > maxBulk {
		return dst, fmt.Errorf("%w: a string of %d bytes", ErrProtocol, n)
	}
	if dst, err = r.appendN(dst, int(n)); err != nil {
		return dst, err
	}
	end, err := r.r.Peek(2)
	if err != nil {
		return dst, unexpectedEOF(err)
	}
	if end[0] != '\r' || end[1] != '\n' {
		return dst, fmt.Errorf("%w: a string longer than announced", ErrProtocol)
	}
	_, err = r.r.Discard(len(end))
	return dst, err
}

func (r *Reader) appendN(dst []byte, n int) ([]byte, error) {
	for n > 0 {
		step := min(n, bulkStep)
		at := len(dst)
		if cap(dst)-at < step {
			grown := make([]byte, at, max(at+step, 2*cap(dst)))
			copy(grown, dst)
			dst = grown
		}
		dst = dst[:at+step]
		if _, err := io.ReadFull(r.r, dst[at:]); err != nil {
			return dst[:at], unexpectedEOF(err)
		}
		n -= step
	}
	return dst, nil
}

func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parseInt is strconv.ParseInt for bytes, without the copy to a string.
func parseInt(text []byte) (int64, error) {
	digits := text
	if len(text) > 0 && text[0] == '-' {
		digits = text[1:]
	}
	const maxDigits = 18 // always fits an int64; Redis's sizes and counts are shorter
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, fmt.Errorf("%w: %q is no number", ErrProtocol, shorten(text))
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%w: %q is no number", ErrProtocol, shorten(text))
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n, nil
}
