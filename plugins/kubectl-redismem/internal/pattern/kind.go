package pattern

import (
	"bytes"
	"net/netip"
)

// kindOf is what an identifier looks like.
type kindOf uint8

const (
	isAny kindOf = iota // a name that is taken for an ID
	isInt
	isHex
	isUUID
	isULID
	isDate
	isTime
	isIP
	isVersion
	isEmail
	isID // opaque: base62 and the like, or very long
	kindsOf
)

// shapes stand for an identifier in [Group.Shape].
var shapes = [kindsOf]string{"*", "<int>", "<hex>", "<uuid>", "<ulid>", "<date>", "<time>", "<ip>", "<version>", "<email>", "<id>"}

// typed recognizes identifiers that contain separators, before the key is split at
// those. It returns the length of the one at the start of key, or 0.
func (c *cutter) typed(key []byte) (end int, kind kindOf) {
	if end := c.uuid(key); end > 0 {
		return end, isUUID
	}
	if end := c.ipv6(key); end > 0 {
		return end, isIP
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
	if end := c.clock(key); end > 0 && c.ends(key, end) {
		return end, isTime
	}
	return c.dotted(key)
}

// ends reports whether a token may end before key[at].
func (c *cutter) ends(key []byte, at int) bool { return at == len(key) || c.separates(key[at]) }

// date: 2026-11-27, 2026-11, with - or / or . in between.
func (c *cutter) date(key []byte) int {
	const month, day = len("2026-11"), len("2026-11-27")
	if len(key) < month || !numbers(key[:4]) || key[0] != '1' && key[0] != '2' || key[4] != '-' && key[4] != '/' && key[4] != '.' ||
		!inRange(key[5:7], 12) {
		return 0
	}
	if len(key) >= day && key[7] == key[4] && inRange(key[8:10], 31) {
		if end := c.timestamp(key, day); end > 0 {
			return end
		}
		if c.ends(key, day) {
			return day
		}
	}
	if c.ends(key, month) && (len(key) <= month+1 || key[month] != key[4]) {
		return month
	}
	return 0
}

// timestamp returns where 2026-11-27T12:30:45.123Z ends, whose date ends at day, or 0.
func (c *cutter) timestamp(key []byte, day int) int {
	if len(key) <= day || key[day] != 'T' && key[day] != ' ' && key[day] != '_' {
		return 0
	}
	n := c.clock(key[day+1:])
	if n == 0 {
		return 0
	}
	end := day + 1 + n
	switch rest := key[end:]; {
	case len(rest) > 0 && rest[0] == 'Z':
		end++
	case len(rest) >= len("+01:00") && (rest[0] == '+' || rest[0] == '-') && numbers(rest[1:3]) && rest[3] == ':' && numbers(rest[4:6]):
		end += len("+01:00")
	}
	if !c.ends(key, end) {
		return 0
	}
	return end
}

// clock returns the length of 12:30:45 or 12:30:45.123 at the start of b, or 0.
func (c *cutter) clock(b []byte) int {
	const seconds = len("12:30:45")
	if len(b) < seconds || !numbers(b[:2]) || b[2] != ':' || !numbers(b[3:5]) || b[5] != ':' || !numbers(b[6:8]) ||
		b[0] > '2' || b[0] == '2' && b[1] > '3' || b[3] > '5' || b[6] > '6' {
		return 0
	}
	end := seconds
	if end < len(b) && b[end] == '.' {
		for end++; end < len(b) && classes[b[end]]&digit != 0; {
			end++
		}
	}
	return end
}

// ipv6 returns the length of an IPv6 address at the start of key, or 0. Its first
// group has four digits, as those of all networks in use have: ab::cd is a name.
func (c *cutter) ipv6(key []byte) int {
	const group, longest = 4, 45
	if len(key) <= group || key[group] != ':' || key[0] != '2' && key[0] != '3' && key[0]|0x20 != 'f' {
		return 0
	}
	end, colons := 0, 0
	for end < len(key) && end < longest && (classes[key[end]]&hexDigit != 0 || key[end] == ':' || key[end] == '.') {
		if key[end] == ':' {
			colons++
		}
		end++
	}
	for ; end > group && (key[end-1] == ':' || key[end-1] == '.'); end-- {
		colons--
	}
	if colons < 2 || !c.ends(key, end) {
		return 0
	}
	if a, err := netip.ParseAddr(string(key[:end])); err != nil || !a.Is6() {
		return 0
	}
	return end
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
