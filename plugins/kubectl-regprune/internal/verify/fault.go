package verify

import (
	"errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// fault says what an error of the registry means: only the registry's own "not found"
// proves that something is missing.
func fault(digest, what string, err error) Fault {
	f := Fault{Digest: digest, What: what, Fault: Unknown, Err: err}
	switch {
	case errors.Is(err, registry.ErrNotFound):
		f.Fault = NotThere
	case errors.Is(err, registry.ErrContent), errors.Is(err, registry.ErrUnreadable):
		f.Fault = BadText
	}
	return f
}
