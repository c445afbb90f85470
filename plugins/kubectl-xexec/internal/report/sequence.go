package report

import (
	"errors"
	"maps"
	"slices"
)

// formatter is one format. Errors of writing stick to its writer; those that
// methods return are about reading the output.
type formatter interface {
	begin()
	row(row) error
	end() error
}

func newFormatter(o Options, w writer) formatter {
	switch o.Format {
	case YAML:
		return &yamlDocument{w: w}
	case Table:
		return &table{w: w, width: o.Width}
	case Name:
		return &names{w: w, seen: map[string]bool{}}
	case JSONL:
		return jsonLines{w: w}
	}
	return &jsonDocument{w: w}
}

// sequence puts rows that come as they land into order.
type sequence struct {
	formatter
	sorted  bool
	next    int
	waiting map[int]row
}

// add formats those rows whose turn it is.
func (s *sequence) add(r row) error {
	if !s.sorted {
		return s.one(r)
	}
	s.waiting[r.index] = r
	var failures error
	for {
		r, ok := s.waiting[s.next]
		if !ok {
			return failures
		}
		delete(s.waiting, s.next)
		s.next++
		failures = errors.Join(failures, s.one(r))
	}
}

func (s *sequence) one(r row) error {
	defer r.out.Release()
	return s.formatter.row(r)
}

// end formats what is left: rows after one that never came.
func (s *sequence) end() error {
	var failures error
	for _, i := range slices.Sorted(maps.Keys(s.waiting)) {
		r := s.waiting[i]
		delete(s.waiting, i)
		failures = errors.Join(failures, s.one(r))
	}
	return errors.Join(failures, s.formatter.end())
}

// drop lets go of rows that will not be formatted.
func (s *sequence) drop() {
	for _, r := range s.waiting {
		r.out.Release()
	}
}
