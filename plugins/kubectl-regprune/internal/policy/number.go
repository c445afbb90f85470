package policy

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// shape is how a tag has its number: prefix, digits, suffix.
type shape struct{ prefix, suffix string }

// maxDigits is the length of the longest tag that registries take.
const maxDigits = 128

// number finds the number of a tag, if it is of the shape.
func (s shape) number(tag string) (*big.Int, bool) {
	rest, ok := strings.CutPrefix(tag, s.prefix)
	if !ok {
		return nil, false
	}
	digits, ok := strings.CutSuffix(rest, s.suffix)
	if !ok {
		return nil, false
	}
	return integer(digits)
}

func integer(digits string) (*big.Int, bool) {
	if digits == "" || len(digits) > maxDigits || strings.Trim(digits, "0123456789") != "" {
		return nil, false
	}
	return new(big.Int).SetString(digits, 10)
}

func (s shape) words() string {
	if s == (shape{}) {
		return "plain numbers"
	}
	return fmt.Sprintf("numbers like %q", s.prefix+"*"+s.suffix)
}

// numberRule keeps tags by their number: those from low to high that are none of not.
type numberRule struct {
	shape
	low, high *big.Int // both belong to it; nil: no limit
	not       []*big.Int
}

func (r *numberRule) keeps(tag string) bool {
	n, ok := r.number(tag)
	if !ok || r.low != nil && n.Cmp(r.low) < 0 || r.high != nil && n.Cmp(r.high) > 0 {
		return false
	}
	for _, other := range r.not {
		if n.Cmp(other) == 0 {
			return false
		}
	}
	return true
}

func (r *numberRule) words() string {
	var conditions []string
	switch {
	case r.low != nil && r.high != nil && r.low.Cmp(r.high) == 0:
		conditions = append(conditions, "= "+r.low.String())
	default:
		if r.low != nil {
			conditions = append(conditions, ">= "+r.low.String())
		}
		if r.high != nil {
			conditions = append(conditions, "<= "+r.high.String())
		}
	}
	for _, n := range r.not {
		conditions = append(conditions, "!= "+n.String())
	}
	what := "keep tags"
	if r.shape != (shape{}) {
		what += fmt.Sprintf(" like %q", r.prefix+"*"+r.suffix)
	}
	return what + " whose number is " + strings.Join(conditions, " and ")
}

var (
	conditionsBegin = regexp.MustCompile(`(?:>=|<=|!=|[<>= ]|[0-9]*\.\.[0-9]|[0-9]+\.\.).*$`)
	condition       = regexp.MustCompile(`^(>=|<=|!=|=|<|>|)\s*([0-9]+)$`)
	between         = regexp.MustCompile(`^([0-9]*)\.\.([0-9]*)$`)
	afterOperator   = regexp.MustCompile(`([<>=])\s+`)
)

const numberHint = "write conditions such as >=950, 950..1000 or '>=950, !=960', after a form such as build-* if tags are not plain numbers"

// parseNumber reads [FORM]CONDITION[, CONDITION]…
func parseNumber(text string) (*numberRule, error) {
	r, rest, err := splitShape(strings.TrimSpace(text))
	if err != nil {
		return nil, hint.With(err, numberHint)
	}
	parts := strings.FieldsFunc(afterOperator.ReplaceAllString(rest, "$1"), func(c rune) bool { return c == ',' || c == ' ' || c == '\t' })
	if len(parts) == 0 {
		return nil, hint.With(errors.New("it has no condition"), numberHint)
	}
	for _, part := range parts {
		if err := r.add(part); err != nil {
			return nil, hint.With(err, numberHint)
		}
	}
	if r.empty() {
		return nil, errors.New("no number is like that: it would keep nothing")
	}
	return r, nil
}

// splitShape cuts the form with its one * off the conditions.
func splitShape(text string) (*numberRule, string, error) {
	star := strings.IndexByte(text, '*')
	if star < 0 {
		return &numberRule{}, text, nil
	}
	at := conditionsBegin.FindStringIndex(text[star:])
	if at == nil {
		return nil, "", errors.New("it has no condition")
	}
	s := shape{text[:star], text[star+1 : star+at[0]]}
	for _, part := range []string{s.prefix, s.suffix} {
		if bad := strings.Trim(part, tagCharacters); bad != "" {
			return nil, "", fmt.Errorf("%q cannot be in a form, which has one * for the number", firstOf(bad))
		}
	}
	if s.prefix != "" && isDigit(s.prefix[len(s.prefix)-1]) || s.suffix != "" && isDigit(s.suffix[0]) {
		return nil, "", errors.New("a digit next to the * makes it unclear where the number begins or ends")
	}
	return &numberRule{shape: s}, text[star+at[0]:], nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// add narrows the rule by a condition.
func (r *numberRule) add(text string) error {
	if m := between.FindStringSubmatch(text); m != nil && text != ".." {
		low, okLow := integer(m[1])
		high, okHigh := integer(m[2])
		if (m[1] == "" || okLow) && (m[2] == "" || okHigh) {
			r.atLeast(low)
			r.atMost(high)
			return nil
		}
	}
	m := condition.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no condition on numbers", text)
	}
	n, ok := integer(m[2])
	if !ok {
		return fmt.Errorf("%q is longer than a tag can be", m[2])
	}
	one := big.NewInt(1)
	switch m[1] {
	case ">=":
		r.atLeast(n)
	case ">":
		r.atLeast(new(big.Int).Add(n, one))
	case "<=":
		r.atMost(n)
	case "<":
		r.atMost(new(big.Int).Sub(n, one))
	case "!=":
		r.not = append(r.not, n)
	default:
		r.atLeast(n)
		r.atMost(n)
	}
	return nil
}

func (r *numberRule) atLeast(n *big.Int) {
	if n != nil && (r.low == nil || n.Cmp(r.low) > 0) {
		r.low = n
	}
}

func (r *numberRule) atMost(n *big.Int) {
	if n != nil && (r.high == nil || n.Cmp(r.high) < 0) {
		r.high = n
	}
}

// empty reports whether no number can satisfy the rule, as far as its limits and a
// single number between them tell.
func (r *numberRule) empty() bool {
	if r.high == nil {
		return false
	}
	low := r.low
	if low == nil {
		low = new(big.Int)
	}
	if c := low.Cmp(r.high); c != 0 {
		return c > 0
	}
	for _, n := range r.not {
		if n.Cmp(low) == 0 {
			return true
		}
	}
	return false
}
