package pattern

import "bytes"

// kindOf is what an identifier looks like.
type kindOf uint8

const (
	isAny kindOf = iota // a name that is taken for an ID
	isInt
	isHex
	isUUID
	isULID
	isDate
	isIP
	isVersion
	isEmail
	isID // opaque: base62 and the like, or very long
	kindsOf
)

// shapes stand for an identifier in [Group.Shape].
var shapes = [kindsOf]string{"*", "<int>", "<hex>", "<uuid>", "<ulid>", "<date>", "<ip>", "<version>", "<email>", "<id>"}

// typed recognizes identifiers that contain separators, before the key is split at
// those. It returns the length of the one at the start of key, or 0.
func (c *cutter) typed(key []byte) (end int, kind kindOf) {
	if end := c.uuid(key); end > 0 {
		return end, isUUID
	}
	first := key[0]
	if first == 'v' && len(key) > 1 {
		first = key[1]
	}
	if classes[first]&digit == 0 {
		return 0, isAny
	}
	if end := c.date(key); end > 0 {
		return end, isDate
	}
	return c.dotted(key)
}

// ends reports whether a token may end before key[at].
func (c *cutter) ends(key []byte, at int) bool { return at == len(key) || c.separator[key[at]] }

// date: 2026-11-27, 2026-11, with - or / or . in between.
func (c *cutter) date(key []byte) int {
	const month, day = len("2026-11"), len("2026-11-27")
	if len(key) < month || !numbers(key[:4]) || key[0] != '1' && key[0] != '2' || key[4] != '-' && key[4] != '/' && key[4] != '.' ||
		!inRange(key[5:7], 12) {
		return 0
	}
	if len(key) >= day && key[7] == key[4] && inRange(key[8:10], 31) && c.ends(key, day) {
		return day
	}
	if c.ends(key, month) && (len(key) <= month+1 || key[month] != key[4]) {
		return month
	}
	return 0
}

func numbers(b []byte) bool {
	for _, x := range b {
		if classes[x]&digit == 0 {
			return false
		}
	}
	return true
}

// inRange: two digits from 01 to most.
func inRange(b []byte, most int) bool {
	n := int(b[0]-'0')*10 + int(b[1]-'0')
	return numbers(b) && n >= 1 && n <= most
}

// dotted: 10.0.0.1 is an IP, 1.2.3 and v1.2 are versions; 1.5 may be anything.
func (c *cutter) dotted(key []byte) (end int, kind kindOf) {
	at, v := 0, key[0] == 'v'
	if v {
		at = 1
	}
	parts, ip := 0, !v
	for {
		start := at
		for at < len(key) && classes[key[at]]&digit != 0 {
			at++
		}
		n := at - start
		if n == 0 || n > 5 {
			return 0, isAny
		}
		ip = ip && (n < 3 || n == 3 && (key[start] < '2' || key[start] == '2' && (key[start+1] < '5' || key[start+1] == '5' && key[start+2] <= '5')))
		if parts++; at == len(key) || key[at] != '.' {
			break
		}
		at++
	}
	switch {
	case !c.ends(key, at):
		return 0, isAny
	case parts == 4 && ip:
		return at, isIP
	case parts >= 3 && parts <= 4, parts == 2 && v:
		return at, isVersion
	}
	return 0, isAny
}

// maybeEmail are separators within an address, so that few keys are searched for @.
var maybeEmail = [256]bool{'.': true, '@': true, '_': true, '-': true, '+': true}

// email returns the length of a mail address at the start of key, or 0.
func (c *cutter) email(key []byte) int {
	const longest = 64
	at := bytes.IndexByte(key[:min(len(key), longest)], '@')
	if at <= 0 {
		return 0
	}
	for _, b := range key[:at] {
		if classes[b]&(digit|letter) == 0 && !maybeEmail[b] {
			return 0
		}
	}
	end, dot := at+1, 0
	for end < len(key) && (classes[key[end]]&(digit|letter) != 0 || key[end] == '.' || key[end] == '-') {
		if key[end] == '.' {
			dot = end
		}
		end++
	}
	if dot <= at+1 || end-dot < 3 || !c.ends(key, end) {
		return 0
	}
	return end
}

// of says what an identifier without separators is.
func (k kind) of(token []byte) kindOf {
	const day, ulid = 8, 26
	switch {
	case k.digits == len(token) && len(token) == day && (token[0] == '1' && token[1] == '9' || token[0] == '2' && token[1] == '0') &&
		inRange(token[4:6], 12) && inRange(token[6:8], 31):
		return isDate
	case k.digits == len(token):
		return isInt
	case k.hex == len(token):
		return isHex
	case len(token) == ulid && token[0] <= '7' && token[0] >= '0' && bytes.Equal(token, bytes.ToUpper(token)):
		return isULID
	}
	return isID
}
