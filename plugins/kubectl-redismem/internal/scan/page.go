package scan

import (
	"errors"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// page is what one SCAN returned. Names lie end to end in one slice that is used
// again for a later page, so that a page costs no allocation.
type page struct {
	next  string // the cursor that asks for the one after it; "0" if it is the last
	names []byte
	ends  []int // where each name ends in names
	last  bool  // nothing comes after it
	count int   // that was asked for

	weights []int8 // of each name, see Sink.Plan
	asked   int    // sizes that are asked for
}

const (
	// maxKept is the size from which on a page's buffer is given back instead of
	// kept for the next one: a page of very long names must not stay in memory.
	maxKept = 2 << 20
	// maxPage bounds the names of one page against a peer that invents them.
	maxPage = 1 << 20
)

func (p *page) len() int { return len(p.ends) }

func (p *page) name(i int) []byte {
	start := 0
	if i > 0 {
		start = p.ends[i-1]
	}
	return p.names[start:p.ends[i]]
}

func (p *page) reset(count int) {
	p.next, p.last, p.count = "", false, count
	p.ends = p.ends[:0]
	p.names = p.names[:0]
	if cap(p.names) > maxKept {
		p.names = nil
	}
}

// drop takes the names out that are in a set.
func (p *page) drop(set map[string]struct{}) {
	if len(set) == 0 {
		return
	}
	names, ends, start := p.names[:0], p.ends[:0], 0
	for _, end := range p.ends {
		name := p.names[start:end]
		if start = end; !contains(set, name) {
			names = append(names, name...) // moves to the left only
			ends = append(ends, len(names))
		}
	}
	p.names, p.ends = names, ends
}

func contains(set map[string]struct{}, name []byte) bool {
	_, found := set[string(name)]
	return found
}

// read fills p from the reply to SCAN.
func (p *page) read(r *resp.Reader) error {
	n, err := r.ArrayLen()
	if err != nil {
		return err
	}
	if n != 2 {
		return fmt.Errorf("%w: SCAN answered with %d elements", resp.ErrProtocol, n)
	}
	if p.next, err = readCursor(r); err != nil {
		return err
	}
	if n, err = r.ArrayLen(); err != nil {
		return misplaced(err)
	}
	if n > maxPage {
		return fmt.Errorf("%w: SCAN answered with %d keys", resp.ErrProtocol, n)
	}
	for range n {
		if p.names, err = r.AppendBulk(p.names); err != nil {
			return misplaced(err)
		}
		p.ends = append(p.ends, len(p.names))
	}
	return nil
}

// readCursor reads a cursor. It is opaque: an unsigned 64-bit number on Redis,
// whatever a proxy makes of it elsewhere, and never parsed.
func readCursor(r *resp.Reader) (string, error) {
	cursor, err := r.AppendBulk(nil)
	if err != nil {
		return "", misplaced(err)
	}
	const longest = 64
	if len(cursor) == 0 || len(cursor) > longest {
		return "", fmt.Errorf("%w: a cursor of %d bytes", resp.ErrProtocol, len(cursor))
	}
	return string(cursor), nil
}

// misplaced turns an error reply inside an array, which leaves the stream out of
// step, into a protocol error.
func misplaced(err error) error {
	var reply resp.Error
	if errors.As(err, &reply) {
		return fmt.Errorf("%w: %q inside an array", resp.ErrProtocol, string(reply))
	}
	return err
}
