package fold

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxNames is the number of names that [Unfold] makes at most, so that a slip of
// the finger in a range does not take all the memory there is.
const MaxNames = 1 << 20

// Unfold returns the names that an expression of [Fold] stands for, sorted, each
// once. It fails on what no Fold writes: an unclosed bracket, a range that runs
// backwards, an empty name that is not written as {}, more than [MaxNames] names.
func Unfold(expr string) ([]string, error) {
	if expr == "" {
		return nil, nil
	}
	p := parser{in: expr}
	for {
		if err := p.term(); err != nil {
			return nil, fmt.Errorf("unfolding %q: %w", expr, err)
		}
		if p.at == len(p.in) {
			break
		}
		p.at++ // the comma
	}
	slices.SortFunc(p.names, Compare)
	return slices.Compact(p.names), nil
}

type parser struct {
	in    string
	at    int
	names []string
}

// term reads up to the next comma between names, or the end.
func (p *parser) term() error {
	start := p.at
	names := []string{""}
	for p.at < len(p.in) && p.in[p.at] != ',' {
		var values []string
		var err error
		switch c := p.in[p.at]; c {
		case '[', '{':
			values, err = p.field(c)
		case ']', '}':
			err = fmt.Errorf("%q closes nothing", c)
		default:
			var text string
			text, err = p.text()
			values = []string{text}
		}
		if err != nil {
			return err
		}
		if len(p.names)+len(names)*len(values) > MaxNames {
			return errTooMany
		}
		names = product(names, values)
	}
	if p.at == start {
		return fmt.Errorf("a name is missing at offset %d", start)
	}
	p.names = append(p.names, names...)
	return nil
}

var errTooMany = fmt.Errorf("more than %d names", MaxNames)

func product(heads, tails []string) []string {
	if len(tails) == 1 {
		for i := range heads {
			heads[i] += tails[0]
		}
		return heads
	}
	out := make([]string, 0, len(heads)*len(tails))
	for _, head := range heads {
		for _, tail := range tails {
			out = append(out, head+tail)
		}
	}
	return out
}

// text reads up to the next character with a meaning, without the backslashes.
func (p *parser) text() (string, error) {
	var b strings.Builder
	for ; p.at < len(p.in); p.at++ {
		c := p.in[p.at]
		if c == '\\' {
			if p.at++; p.at == len(p.in) {
				return "", fmt.Errorf("nothing follows the last backslash")
			}
			c = p.in[p.at]
		} else if strings.IndexByte(special, c) >= 0 {
			break
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// field reads what is in brackets or braces.
func (p *parser) field(left byte) ([]string, error) {
	right := byte(']')
	if left == '{' {
		right = '}'
	}
	p.at++
	var values []string
	for {
		item, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.at == len(p.in) {
			return nil, fmt.Errorf("%q is not closed", left)
		}
		c := p.in[p.at]
		if p.at++; c != right && c != ',' {
			return nil, fmt.Errorf("%q within %q", c, left)
		}
		if left == '{' {
			values = append(values, item)
		} else if values, err = appendRange(values, item); err != nil {
			return nil, err
		}
		if c == right {
			return values, nil
		}
	}
}

func appendRange(values []string, item string) ([]string, error) {
	first, last, isRange := strings.Cut(item, "-")
	if !isRange {
		last = first
	}
	from, err := parseNumber(first)
	if err != nil {
		return nil, err
	}
	to, err := parseNumber(last)
	if err != nil {
		return nil, err
	}
	if from > to || pad(first, to) != last {
		return nil, fmt.Errorf("%q is no range", item)
	}
	if to-from >= uint64(MaxNames-len(values)) {
		return nil, errTooMany
	}
	for n := from; n <= to; n++ {
		values = append(values, pad(first, n))
	}
	return values, nil
}

func parseNumber(s string) (uint64, error) {
	if len(s) == 0 || len(s) > maxDigits || digitsAt(s, 0) != len(s) {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return strconv.ParseUint(s, 10, 64)
}
