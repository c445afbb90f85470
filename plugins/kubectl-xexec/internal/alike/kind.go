package alike

import (
	"fmt"
	"strings"
)

// Kind is what a replaced piece of text was.
type Kind uint8

// What can be replaced: first the parts of a target's identity, then what a user
// may mask.
const (
	PodName Kind = iota
	PodUID
	PodIP
	NodeName
	Namespace
	NameSuffix
	Clock
	ProcessID
	Elapsed
	HexAddress
	AnyUUID
	kinds
)

var placeholders = [kinds]string{"<pod>", "<uid>", "<ip>", "<node>", "<namespace>", "<suffix>", "<time>", "<pid>", "<duration>", "<hex>", "<uuid>"}

var kindNames = [kinds]string{"pod name", "pod UID", "pod IP", "node name", "namespace", "name suffix", "time", "PID", "duration", "hex address", "UUID"}

// String is the kind in words: "pod name".
func (k Kind) String() string { return kindNames[k] }

// Placeholder is what stands in place of such a text: "<pod>".
func (k Kind) Placeholder() string { return placeholders[k] }

// Counts says how often each kind was replaced.
type Counts [kinds]int64

// Total is how often anything was replaced.
func (c Counts) Total() int64 {
	var n int64
	for _, m := range c {
		n += m
	}
	return n
}

// String is for people: "pod name ×2, time ×14"; it is "" if nothing was replaced.
func (c Counts) String() string {
	var parts []string
	for k, n := range c {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s ×%d", Kind(k), n))
		}
	}
	return strings.Join(parts, ", ")
}

// Masks is a set of things to overlook besides a target's identity.
type Masks uint8

// The masks. None of them is on unless the user asks: each can hide a difference
// that matters.
const (
	// Time is a time of day, with or without its date, in the forms of ISO 8601,
	// syslog, date(1), HTTP, Apache, nginx, Redis, Go and klog, or seconds, milli-,
	// micro- or nanoseconds since 1970. A date alone stays, since it tends to be a
	// version.
	Time Masks = 1 << iota
	// PID is a process, thread or goroutine number that its surroundings show to
	// be one: pid=12, sshd[12], /proc/12, goroutine 12, nginx's 12#12, klog's column.
	PID
	// Duration is a number with a unit of time: 12ms, 1.2s, 3m4s, 0.5 seconds. A
	// number with only an m stays, since 100m may be a tenth of a CPU.
	Duration
	// Hex is 0x and at least five hexadecimal digits.
	Hex
	// UUID is any UUID.
	UUID
)

// All is every mask.
const All = Time | PID | Duration | Hex | UUID

var maskNames = []string{"time", "pid", "duration", "hex", "uuid"}

// ParseMasks reads a list such as "time,pid". "all" is every mask, "" is none.
func ParseMasks(list string) (Masks, error) {
	var m Masks
	if list == "" {
		return m, nil
	}
next:
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		if word == "all" {
			m = All
			continue
		}
		for i, name := range maskNames {
			if word == name {
				m |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("unknown mask %q: known are %s, all", word, strings.Join(maskNames, ", "))
	}
	return m, nil
}

// String is the list that [ParseMasks] reads.
func (m Masks) String() string {
	if m == All {
		return "all"
	}
	var names []string
	for i, name := range maskNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
