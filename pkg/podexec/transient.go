package podexec

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// Transient says of the Err of a result with the outcome [NotStarted] whether the
// same request may well succeed a moment later, and is safe to repeat: the way to
// the container was broken or overloaded, and it is certain that no server on that
// way had anything to start. It is false for what will not change by itself, such
// as a program that does not exist, and wherever that certainty is missing.
func Transient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var open *upgrade.Unanswered
	if errors.As(err, &open) {
		return false
	}
	var no *upgrade.Refused
	if errors.As(err, &no) {
		return passingRefusal(no)
	}
	return connecting(err) || wayBroken(err.Error())
}

// RetryAfter is how long the server asks to wait before the next try, 0 if it does
// not say.
func RetryAfter(err error) time.Duration {
	var no *upgrade.Refused
	if errors.As(err, &no) {
		return no.RetryAfter
	}
	return 0
}

// passingRefusal judges an answer of the server. With SPDY a command starts only
// once its streams are opened, which is after the upgrade that was refused here. A
// WebSocket brings its streams along, so that a gateway's "502" may come long after
// the request went through: what counts there is only who refuses before he acts.
func passingRefusal(no *upgrade.Refused) bool {
	message := no.Error()
	switch {
	case notStartedCode(message) != unknownCode || containerAtFault(message):
		return false
	case no.Code == http.StatusTooManyRequests:
		return true
	case no.Code < http.StatusInternalServerError:
		return false
	case no.Method == http.MethodPost:
		return true
	}
	return no.Status != nil && (no.Code == http.StatusServiceUnavailable || wayBroken(message))
}

// connecting recognises failures before a request was sent: names, dials,
// handshakes. A certificate or a password that is not accepted is none of them.
func connecting(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &op):
		return op.Op != "remote error" // which is how TLS refuses a certificate
	case errors.As(err, &dns), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	}
	return errors.As(err, &timeout) && timeout.Timeout()
}

// wayBroken recognises reports of the API server or the kubelet that they did not
// get through to the next server on the way.
func wayBroken(message string) bool {
	if containerAtFault(message) || notStartedCode(message) != unknownCode {
		return false
	}
	for _, sign := range []string{"error dialing backend", "error sending request", "unable to upgrade connection"} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}

// containerAtFault recognises reports about the container itself, which a second
// try would meet again.
func containerAtFault(message string) bool {
	for _, sign := range []string{
		"container not found", "container is not created or running", "container not running",
		"stopped state", "cannot exec in a stopped", "CONTAINER_EXITED", "exec failed", "failed to start exec",
		"failed to create exec", "unable to start container process",
	} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}
