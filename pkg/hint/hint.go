// Package hint lets an error carry what the user can do about it.
//
// An error says what went wrong; a hint says what to try next. The two travel
// together so that the layer that knows the remedy can name it, and only the
// outermost layer decides how to print it:
//
//	return hint.With(err, "name one with -c: app, sidecar")
//
// A hint never replaces the error: [errors.Is] and [errors.As] see through it.
package hint

import "errors"

type hinted struct {
	error
	text string
}

func (h *hinted) Unwrap() error { return h.error }

// With returns err carrying text, one line without a final period that tells
// the user what to do. It returns nil if err is nil and err itself if text is
// empty.
func With(err error, text string) error {
	if err == nil || text == "" {
		return err
	}
	return &hinted{error: err, text: text}
}

// Of returns the hint nearest to the surface of err's chain, or "" if there is
// none.
func Of(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.text
	}
	return ""
}
