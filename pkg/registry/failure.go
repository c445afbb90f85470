package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// broken is an exchange that failed, with a text that holds no secrets.
type broken struct {
	text  string
	cause error
}

func (b *broken) Error() string { return b.text }
func (b *broken) Unwrap() error { return b.cause }

// failure tells why no answer came: the end of ctx, a token server's refusal, or
// the network.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var refused *errcode.ErrorResponse
	switch {
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return &Error{Status: http.StatusUnauthorized, Message: "a user name and a password are needed", registry: true}
	case errors.As(err, &refused):
		return tokenRefusal(refused)
	}
	return &broken{text: streams.SanitizeLine(scrubURLs(innermost(err).Error())), cause: err}
}

// tokenRefusal is an [Error] of the registry's server of tokens.
func tokenRefusal(r *errcode.ErrorResponse) *Error {
	e := &Error{Method: r.Method, Status: r.StatusCode}
	message := "refused by the token server"
	if r.URL != nil {
		message += " " + r.URL.Host
	}
	for _, d := range r.Errors {
		e.Codes = append(e.Codes, oneLine(d.Code))
		if d.Message != "" {
			message += ": " + d.Message
		}
	}
	e.Message = oneLine(message)
	return e
}

// innermost drops what repeats method and URL.
func innermost(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// What a URL can hide: before its host, and in its query.
var (
	userinfo = regexp.MustCompile(`://[^/@\s"']*@`)
	query    = regexp.MustCompile(`(://[^\s"'?]*\?)[^\s"']*`)
)

func scrubURLs(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return query.ReplaceAllString(userinfo.ReplaceAllString(text, "://…"), "$1…")
}

// explain adds what the user can do about an error.
func explain(err error) error {
	var name *net.DNSError
	switch {
	case errors.Is(err, ErrUnreadable):
		return err // that has a hint
	case errors.Is(err, ErrUnauthorized) && !errors.Is(err, ErrDenied):
		return hint.With(err, "the registry wants other credentials: log in with `docker login`, or name a user and a password")
	case errors.Is(err, ErrDenied):
		return hint.With(err, "use credentials that may do this")
	case errors.Is(err, http.ErrSchemeMismatch):
		return hint.With(err, "the server speaks plain HTTP: use an address with http://")
	case errors.As(err, &name) && name.IsNotFound:
		return hint.With(err, "check the registry's host name")
	case lastingTLS(err):
		return hint.With(err, "name the authority that signed the registry's certificate, or the server name it is for")
	}
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Status >= 300 && e.Status < 400:
		return hint.With(err, "the registry redirects: use the address that it redirects to")
	case e.Status == http.StatusNotFound && !e.registry:
		return hint.With(err, "this did not come from a registry: check the address, and what is between here and there")
	}
	return err
}

func lastingTLS(err error) bool {
	var plain permanent
	return lasting(err) && !errors.As(err, &plain) && strings.Contains(err.Error(), "x509")
}

func unexpected(format string, args ...any) error {
	return wrongContent{fmt.Errorf(format, args...)}
}
