package podconn

import (
	"errors"
	"net/http"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// Forbidden reports whether err is a dial that was denied, by the cluster's rules
// or by a proxy before it.
func Forbidden(err error) bool {
	var refused *upgrade.Refused
	return errors.As(err, &refused) && refused.Code == http.StatusForbidden
}
