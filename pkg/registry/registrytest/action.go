package registrytest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Action answers a request instead of the server, or with its help.
type Action func(w http.ResponseWriter, r *http.Request, server http.Handler)

// Status answers without asking the server. header is names and values in turn.
func Status(code int, body string, header ...string) Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		answer(w, code, body, header)
	}
}

// StatusAfter lets the server do it and then says something else, as a proxy does
// that lost patience.
func StatusAfter(code int, body string, header ...string) Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(httptest.NewRecorder(), r)
		answer(w, code, body, header)
	}
}

func answer(w http.ResponseWriter, code int, body string, header []string) {
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body)) // the client may have gone
}

// Drop cuts the connection without asking the server.
func Drop() Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { cut(w, nil) }
}

// DropAfter lets the server do it and cuts the connection before the answer.
func DropAfter() Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(httptest.NewRecorder(), r)
		cut(w, nil)
	}
}

// CutAt cuts the connection after n bytes of the server's body.
func CutAt(n int) Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		got := httptest.NewRecorder()
		server.ServeHTTP(got, r)
		body := got.Body.Bytes()
		got.Header().Set("Content-Length", strconv.Itoa(len(body)))
		copyHeader(w, got)
		cut(w, func() {
			w.WriteHeader(got.Code)
			_, _ = w.Write(body[:min(n, len(body))])
		})
	}
}

// cut ends the connection, after what write has written.
func cut(w http.ResponseWriter, write func()) {
	control := http.NewResponseController(w)
	if write != nil {
		write()
		_ = control.Flush() // what arrives is what the test sees
	}
	if conn, _, err := control.Hijack(); err == nil {
		conn.Close()
	}
}

// Change lets the server answer and changes its header and body. The announced length
// follows, so that only digests can tell.
func Change(change func(header http.Header, body []byte) []byte) Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		got := httptest.NewRecorder()
		server.ServeHTTP(got, r)
		body := change(got.Header(), got.Body.Bytes())
		if r.Method != http.MethodHead {
			got.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		copyHeader(w, got)
		w.WriteHeader(got.Code)
		_, _ = w.Write(body) // the client may have gone
	}
}

func copyHeader(w http.ResponseWriter, from *httptest.ResponseRecorder) {
	for name, values := range from.Header() {
		w.Header()[name] = values
	}
}

// Truncate shortens bodies to n bytes.
func Truncate(n int) Action {
	return Change(func(_ http.Header, body []byte) []byte { return body[:min(n, len(body))] })
}

// SetHeader changes a header; "" removes it.
func SetHeader(name, value string) Action {
	return Change(func(h http.Header, body []byte) []byte {
		if h.Set(name, value); value == "" {
			h.Del(name)
		}
		return body
	})
}

// Delay makes the server slow.
func Delay(d time.Duration) Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		select {
		case <-time.After(d):
			server.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Hook does something before the server is asked, such as moving a tag.
func Hook(f func(*http.Request)) Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		f(r)
		server.ServeHTTP(w, r)
	}
}
