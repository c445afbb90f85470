package registry

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What an [Error] can be, for [errors.Is].
var (
	// ErrNotFound: the registry says that there is no such thing. A 404 of something
	// else, such as a proxy before it, is not one.
	ErrNotFound = errors.New("not found")

	// ErrNoRepository: an ErrNotFound of the whole repository.
	ErrNoRepository = errors.New("no such repository")

	// ErrUnsupported: the registry does not do that, or not as it is configured.
	ErrUnsupported = errors.New("unsupported")

	// ErrUnauthorized: credentials are missing, wrong or expired.
	ErrUnauthorized = errors.New("unauthorized")

	// ErrDenied: whoever the credentials are for may not do that.
	ErrDenied = errors.New("denied")

	// ErrNotRegistry: something answered that does not speak the protocol.
	ErrNotRegistry = errors.New("not a registry")

	// ErrContent: content is not what its digest says.
	ErrContent = errors.New("content does not match its digest")

	// ErrUnreadable: what was announced does not come. After a garbage collection,
	// which is another process, distribution does so until it is restarted.
	ErrUnreadable = errors.New("the registry says that it has the blob, and cannot send it: its cache is stale or its storage damaged")

	// ErrSize: a blob has another size than what refers to it says.
	ErrSize = errors.New("wrong size")
)

// Error is a registry's refusal. Its text is safe for terminals and logs.
type Error struct {
	Method     string
	Path       string        // below /v2/, without the query
	Repository string        // "" if it was about none
	Reference  string        // tag or digest, "" if it was about none
	Status     int           // of HTTP
	Codes      []string      // the protocol's, such as MANIFEST_UNKNOWN
	Message    string        // what the server said, one line
	RetryAfter time.Duration // what the server asked for, 0 if it did not

	registry   bool // the registry itself has answered
	needsScope bool // a token was shown, but it is not for this
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("status ")
	b.WriteString(strconv.Itoa(e.Status))
	if text := http.StatusText(e.Status); text != "" && e.Message == "" {
		b.WriteString(" " + strings.ToLower(text))
	}
	if len(e.Codes) > 0 {
		b.WriteString(", " + strings.Join(e.Codes, ", "))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// Is implements [errors.Is] for the kinds of errors.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == http.StatusNotFound && e.registry
	case ErrNoRepository:
		return e.Status == http.StatusNotFound && e.has("NAME_UNKNOWN")
	case ErrUnsupported:
		return e.unsupported()
	case ErrUnauthorized:
		return e.Status == http.StatusUnauthorized
	case ErrDenied:
		return e.Status == http.StatusForbidden || e.has("DENIED") || e.needsScope
	}
	return false
}

// unsupported knows that distribution 2 takes every reference of a DELETE for a
// digest, so that a tag is an invalid one.
func (e *Error) unsupported() bool {
	return e.Status == http.StatusMethodNotAllowed || e.has("UNSUPPORTED") ||
		e.Method == http.MethodDelete && e.Status == http.StatusBadRequest && e.has("DIGEST_INVALID") && !ValidDigest(e.Reference)
}

func (e *Error) has(code string) bool { return slices.Contains(e.Codes, code) }

// statusOf is the status of the refusal that err is, 0 if it is none.
func statusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
