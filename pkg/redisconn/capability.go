package redisconn

import (
	"slices"
	"strconv"
	"strings"
)

// What a server may lack, in Server.Missing.
const (
	LacksSamples     = "MEMORY USAGE SAMPLES"
	LacksMemory      = "MEMORY USAGE"
	LacksMemoryStats = "MEMORY STATS"
	LacksReadOnly    = "READONLY" // a cluster's replica that cannot be read from
)

// missing is known from the projects' own command tables. What it does not know
// of, the first refusal tells.
func missing(flavour, version string) []string {
	switch {
	case flavour == "dragonfly":
		return []string{LacksSamples, LacksMemoryStats}
	case flavour == "redis" && before(version, 4, 0):
		return []string{LacksMemory, LacksMemoryStats}
	}
	return nil
}

// Lacks reports whether the server is known to be without a feature.
func (s *Server) Lacks(feature string) bool { return slices.Contains(s.Missing, feature) }

// SlotOrdered reports whether SCAN walks the hash slots in their order, so that
// the first keys are those of a few slots and not a sample of all: each slot of a
// cluster has a table of its own since Redis 7.4 and Valkey 8.
func (s *Server) SlotOrdered() bool {
	switch {
	case s.Mode != modeCluster:
		return false
	case s.Flavour == "redis":
		return !before(s.Version, 7, 4)
	case s.Flavour == "valkey":
		return !before(s.Version, 8, 0)
	}
	return false
}

// ChainsAllowed reports whether several SCANs may walk parts of one database at
// the same time. They rest on how the cursor counts, which no project promises;
// it is known for these versions only, and where a node has one table for all its
// slots. KeyDB counts like Redis 6.
func (s *Server) ChainsAllowed() bool {
	if s.Mode == modeSentinel || s.SlotOrdered() {
		return false
	}
	switch s.Flavour {
	case "redis":
		return !before(s.Version, 4, 0) && before(s.Version, 8, 1)
	case "keydb":
		return before(s.Version, 7, 0)
	case "valkey":
		return !before(s.Version, 7, 2) && before(s.Version, 8, 1)
	}
	return false
}

// before reports whether version is older than major.minor. What is no version is
// older than all.
func before(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(a)
	if err != nil {
		return true
	}
	n, _ := strconv.Atoi(b)
	return m < major || m == major && n < minor
}
