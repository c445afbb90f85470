package policy

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

const day = 24 * time.Hour

var (
	agePart = regexp.MustCompile(`^([0-9]+)(y|w|d|h|min|m|s)`)
	ageUnit = map[string]time.Duration{"y": 365 * day, "w": 7 * day, "d": day, "h": time.Hour, "min": time.Minute, "m": time.Minute, "s": time.Second}
	onlyM   = regexp.MustCompile(`^[0-9]+m$`)
)

const ageHint = "write an age such as 30d, 2w, 1y, 12h or 1d12h"

// ParseAge reads an age: whole numbers with units, the biggest first, of y (365
// days), w, d, h, min and s, or 0. Go's own form 1h30m0s is one, too; but m alone is
// refused, as it is minutes to some and months to others.
func ParseAge(text string) (time.Duration, error) {
	if text == "0" {
		return 0, nil
	}
	if onlyM.MatchString(text) {
		n := strings.TrimSuffix(text, "m")
		return 0, hint.With(fmt.Errorf("reading the age %q: m can be minutes or months", text), fmt.Sprintf("write %smin for minutes, or months as days", n))
	}
	var sum time.Duration
	before := time.Duration(math.MaxInt64)
	rest := text
	for rest != "" {
		m := agePart.FindStringSubmatch(rest)
		if m == nil {
			return 0, hint.With(fmt.Errorf("reading the age %q: %q is no number with a unit", text, rest), ageHint)
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		unit := ageUnit[m[2]]
		if err != nil || n > int64((math.MaxInt64-sum)/unit) {
			return 0, fmt.Errorf("reading the age %q: it is longer than 292 years", text)
		}
		if unit >= before {
			return 0, hint.With(fmt.Errorf("reading the age %q: its units are not in the order of their size", text), ageHint)
		}
		sum, before, rest = sum+time.Duration(n)*unit, unit, rest[len(m[0]):]
	}
	if text == "" {
		return 0, hint.With(errors.New("reading an age: it is empty"), ageHint)
	}
	return sum, nil
}

// FormatAge writes an age as ParseAge reads it, in days where there are any:
// 30d, 1d12h, 90min. Parts of a second are dropped.
func FormatAge(age time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", day}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}} {
		if n := age / u.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.name)
			age -= n * u.size
		}
	}
	if b.Len() == 0 {
		return "0"
	}
	return b.String()
}

// grace spares what is too young to be judged.
type grace struct {
	rule   int // its number
	age    time.Duration
	strict bool // spare what has no date, too
	on     bool // for untagged manifests: they are for deletion at all
}

// DefaultMinAge is the grace that applies where none is given: who pushes an image
// has the time to use it.
const DefaultMinAge = day
