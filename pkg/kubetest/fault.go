package kubetest

import "net/http"

// Faults breaks the connections of a server.
type Faults struct{}

func (f *Faults) release() {}

func (f *Faults) apply(w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
	return w, false
}
