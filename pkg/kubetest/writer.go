package kubetest

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

// statusWriter remembers the status code of an answer, and slips in between a
// handler and the connection that it takes over.
type statusWriter struct {
	http.ResponseWriter
	status int
	wrap   func(net.Conn) net.Conn // nil leaves the connection alone
}

func (w *statusWriter) WriteHeader(code int) {
	if w.status == 0 {
		w.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Unwrap lets net/http find the methods of the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker, which the proxies of Kubernetes ask for by
// type and not through Unwrap.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h, ok := w.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("the connection speaks HTTP/2 and cannot be upgraded")
	}
	conn, rw, err := h.Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.status = http.StatusSwitchingProtocols
	if w.wrap == nil {
		return conn, rw, nil
	}
	wrapped := w.wrap(conn)
	return wrapped, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(wrapped)), nil
}
