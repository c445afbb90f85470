package pick

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// name is what a key is for.
type name int

const (
	keyText name = iota
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
	keyErase
	keyClear
	keyEnter
	keyEscape
	keyInterrupt
	keyOther
)

type key struct {
	name name
	text string // of keyText
}

// controls are keys of one byte.
var controls = map[byte]name{
	0x03: keyInterrupt, 0x04: keyEscape, // Ctrl-C, Ctrl-D
	'\r': keyEnter, '\n': keyEnter,
	0x7f: keyErase, 0x08: keyErase, 0x15: keyClear, // Ctrl-U
	0x10: keyUp, 0x0e: keyDown, // Ctrl-P, Ctrl-N
	0x01: keyHome, 0x05: keyEnd, // Ctrl-A, Ctrl-E
}

// sequences are keys that begin with ESC, without it.
var sequences = map[string]name{
	"[A": keyUp, "[B": keyDown, "OA": keyUp, "OB": keyDown,
	"[5~": keyPageUp, "[6~": keyPageDown,
	"[H": keyHome, "[F": keyEnd, "OH": keyHome, "OF": keyEnd, "[1~": keyHome, "[4~": keyEnd,
}

// parse takes the first key from input and returns what follows it. A sequence
// that is not complete is left: rest is then all of input, and ok is false.
func parse(input string) (k key, rest string, ok bool) {
	first := input[0]
	switch control, known := controls[first]; {
	case known:
		return key{name: control}, input[1:], true
	case first == 0x1b:
		return parseSequence(input)
	case first < 0x20:
		return key{name: keyOther}, input[1:], true
	case !utf8.FullRuneInString(input):
		return key{}, input, false
	}
	r, n := utf8.DecodeRuneInString(input)
	if !unicode.IsPrint(r) || r == utf8.RuneError {
		return key{name: keyOther}, input[n:], true
	}
	return key{keyText, input[:n]}, input[n:], true
}

// parseSequence takes ESC and what belongs to it: "[" or "O", digits and
// semicolons, one more byte.
func parseSequence(input string) (k key, rest string, ok bool) {
	if len(input) == 1 {
		return key{}, input, false
	}
	if input[1] != '[' && input[1] != 'O' {
		return key{name: keyEscape}, input[1:], true
	}
	end := 2 + strings.IndexFunc(input[2:], func(r rune) bool { return r >= 0x40 && r < 0x7f })
	if end < 2 {
		return key{}, input, false
	}
	known, found := sequences[input[1:end+1]]
	if !found {
		known = keyOther
	}
	return key{name: known}, input[end+1:], true
}

// hesitation is how long ESC waits for the rest of a sequence, after which it was
// the Esc key.
const hesitation = 50 * time.Millisecond

// keys reads keys from in until it ends or ctx does, and closes the channel then.
func keys(ctx context.Context, in io.Reader) <-chan key {
	pieces := make(chan string)
	go func() {
		defer close(pieces)
		buf := make([]byte, 256)
		for {
			n, err := in.Read(buf)
			select {
			case pieces <- string(buf[:n]):
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	pressed := make(chan key)
	go func() {
		defer close(pressed)
		assemble(ctx, pieces, pressed)
	}()
	return pressed
}

func assemble(ctx context.Context, pieces <-chan string, pressed chan<- key) {
	input := ""
	for {
		var timeout <-chan time.Time
		if input != "" {
			timeout = time.After(hesitation)
		}
		late := false
		select {
		case piece, open := <-pieces:
			if !open {
				return
			}
			input += piece
		case <-timeout:
			late = true
		case <-ctx.Done():
			return
		}
		for input != "" {
			k, rest, ok := parse(input)
			if !ok && !late {
				break
			}
			if !ok { // what came is all there is
				k, rest = key{name: keyOther}, ""
				if input == "\x1b" {
					k.name = keyEscape
				}
			}
			input = rest
			select {
			case pressed <- k:
			case <-ctx.Done():
				return
			}
		}
	}
}
