package pattern

import (
	"slices"
	"strings"
)

// Learn sets how to cut names such as these, a fair sample: at separators that most
// of them have besides the default ones, unless separators are set, and after stems,
// words that many IDs begin with, as in sess9f2c41d07be3a855. It returns the
// separators that are not the default ones.
func (o *Options) Learn(names [][]byte) (learned string) {
	if o.Separators == "" {
		learned = separatorsOf(names)
		o.Separators = DefaultSeparators + learned
	}
	o.Stems = stemsOf(names, newCutter(o.Separators, nil))
	return learned
}

const (
	// enough names show a custom; fewer may be chance.
	enough = 20
	// looked is how much of a name is looked at.
	looked = 128
)

// separatorsOf are the punctuation and control characters that stand inside of at
// least half of the names, besides the default separators. Bytes of binary names
// are not as common, and letters of other scripts are none of these.
func separatorsOf(names [][]byte) string {
	var have [256]int
	for _, name := range names {
		var in [256]bool
		name = name[:min(len(name), looked)]
		for i, b := range name {
			if i > 0 && i < len(name)-1 && b < 0x80 && classes[b] == 0 && strings.IndexByte(DefaultSeparators, b) < 0 && !in[b] {
				in[b] = true
				have[b]++
			}
		}
	}
	var out []byte
	for b, n := range have {
		if n >= enough && n*2 >= len(names) {
			out = append(out, byte(b))
		}
	}
	return string(out)
}

const (
	minStem = 3  // letters
	maxStem = 32 // letters
	// Stems are of at least one in so many names.
	rareStem = 20
)

// stemsOf are the words that many different tokens begin with.
func stemsOf(names [][]byte, cut *cutter) []string {
	seen := map[string]bool{}
	var tokens []string
	for _, name := range names {
		for name = name[:min(len(name), looked)]; len(name) > 0; {
			tok, rest := cut.next(name)
			text := string(name[:len(name)-len(rest)])
			name = rest
			if !tok.full || tok.wild && tok.kind != isID && tok.kind != isHex {
				continue
			}
			text = strings.TrimSuffix(text, cut.ending([]byte(text)))
			if letters(text) >= minStem && !seen[text] {
				seen[text] = true
				tokens = append(tokens, text)
			}
		}
	}
	slices.Sort(tokens)
	least := max(enough, len(names)/rareStem)
	var stems []string
	for len(tokens) >= least {
		stem := tokens[0][:minStem]
		n := startingWith(tokens, stem)
		if n >= least {
			if s := extend(tokens[:n], stem, n); s != "" {
				stems = append(stems, s)
			}
		}
		tokens = tokens[n:]
	}
	return stems
}

// letters is how many letters text begins with.
func letters(text string) int {
	n := 0
	for n < len(text) && classes[text[n]]&letter != 0 {
		n++
	}
	return n
}

// startingWith is how many of sorted tokens, whose first one does, begin with stem.
func startingWith(tokens []string, stem string) int {
	n := 0
	for n < len(tokens) && strings.HasPrefix(tokens[n], stem) {
		n++
	}
	return n
}

// extend makes a stem longer as long as nearly all tokens agree, and drops it if
// what follows is not various: then these are words, and no IDs.
func extend(tokens []string, stem string, n int) string {
	const nearlyAll, various = 10, 5
	for len(stem) < maxStem {
		var next [256]int
		most := byte(0)
		for _, t := range tokens {
			if strings.HasPrefix(t, stem) && len(t) > len(stem) {
				b := t[len(stem)]
				if next[b]++; next[b] > next[most] {
					most = b
				}
			}
		}
		if classes[most]&letter == 0 || next[most] < n-n/nearlyAll {
			kinds := 0
			for _, k := range next {
				if k > 0 {
					kinds++
				}
			}
			if kinds < various {
				return ""
			}
			return stem
		}
		stem += string(most)
	}
	return ""
}
