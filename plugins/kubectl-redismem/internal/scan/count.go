package scan

import (
	"errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// adapt asks for fewer keys while their names are long, so that neither side has
// to hold huge pages, and for more again afterwards.
func adapt(count, most, size int) int {
	switch {
	case size > largePage:
		return max(count/4, minCount)
	case size < largePage/8:
		return min(count*2, most)
	}
	return count
}

const (
	vanished   = -1
	unreadable = -2
)

// collect reads the sizes of a page's keys and counts them. Nothing is counted
// before the last of them is here, so that a page whose sizes are cut off can be
// asked for again without counting keys twice.
func (s *scanner) collect(l *link, p *page) error {
	sizes := s.sizes[:0]
	var refused map[string]int64
	for range p.len() {
		size, null, err := l.r.Int()
		if null {
			size = vanished
		}
		if err != nil {
			var reply resp.Error
			if !errors.As(err, &reply) {
				return err
			}
			if refused == nil {
				refused = map[string]int64{}
			}
			refused[reply.Code()]++
			size = unreadable
		}
		sizes = append(sizes, size)
	}
	s.sizes = sizes
	s.count(p, sizes, refused)
	return nil
}

func (s *scanner) count(p *page, sizes []int64, refused map[string]int64) {
	for i, size := range sizes {
		switch {
		case size >= 0:
			s.Key(p.name(i), size)
			s.Sized++
		case size == vanished:
			s.Vanished++
		}
	}
	for code, n := range refused {
		s.Unreadable[code] += n
	}
	s.Pages++
	s.Cursor = p.next
	s.Page(s.Seen())
}
