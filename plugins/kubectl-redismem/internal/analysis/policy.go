package analysis

import (
	"math/bits"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// policy says how many of a group's sizes are asked: so many that its bytes are
// known to a few percent, less exactly if it is a small part of all.
type policy struct {
	expected int64 // keys of the database
	seen     int64
	bytes    float64 // of those
}

const (
	// wanted is the half-width of a group's interval, as a share of its bytes or of
	// leastShare of all bytes, whichever is more.
	wanted     = 0.02
	leastShare = 0.005
	// pilot keys of a group are all sized before anything is said about the rest.
	pilot = 2048
	// mostK bounds how many keys one size can stand for.
	mostK = 10
)

// plan is what pattern.Tree.Plan asks.
func (p *policy) plan(s pattern.Stats) (k int8, until int64) {
	if s.Sized < pilot {
		return 0, s.Keys + pilot - s.Sized
	}
	_, deviation := s.Spread()
	keys := float64(s.Keys)
	if p.seen > 0 {
		keys *= max(1, float64(p.expected)/float64(p.seen))
	}
	precision := wanted
	if bytes := s.Total().Value; bytes > 0 {
		precision *= max(1, leastShare*p.bytes/bytes)
	}
	need := max(pilot, square(1.96*deviation/precision))
	every := uint64(max(1, keys/need))
	return int8(min(mostK, bits.Len64(every)-1)), s.Keys + s.Keys/4
}

func square(x float64) float64 { return x * x }
