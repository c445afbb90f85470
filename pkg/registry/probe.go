package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Ability says whether a registry does something.
type Ability string

// What is known of an ability.
const (
	Enabled  Ability = "enabled"
	Disabled Ability = "disabled" // by configuration, or because it is a cache or read-only
	Denied   Ability = "denied"   // to these credentials
)

// Deletion is the answer of [Client.Deletion].
type Deletion struct {
	Ability  Ability
	Evidence string // what the server said, one line
}

const zeroDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// Deletion finds out whether manifests of a repository can be deleted, by deleting
// one that cannot exist: no content has the digest of all zeros. It never tries that
// with a tag, which some versions of distribution delete although deletion is
// disabled. An answer that settles nothing is an error.
func (c *Client) Deletion(ctx context.Context, repo string) (Deletion, error) {
	_, err := c.do(ctx, deletion("asking whether manifests can be deleted from", repo, zeroDigest))
	d := Deletion{Ability: Enabled, Evidence: "deletion of what does not exist was accepted"}
	var e *Error
	switch {
	case err == nil:
		return d, nil
	case errors.As(err, &e):
		d.Evidence = e.Error()
	}
	switch {
	case errors.Is(err, ErrUnsupported):
		d.Ability = Disabled
	case errors.Is(err, ErrNotFound):
	case errors.Is(err, ErrUnauthorized), errors.Is(err, ErrDenied):
		d.Ability = Denied
	default:
		return Deletion{}, err
	}
	return d, nil
}

// Writable finds out whether a repository takes uploads, by beginning one and
// cancelling it at once. A repository that does not exist is created by that on some
// servers, so name one that does. Distribution leaves an empty folder of a cancelled
// upload, so do not ask every minute. An upload that could not be cancelled is an
// error, with true.
func (c *Client) Writable(ctx context.Context, repo string) (bool, error) {
	resp, err := c.do(ctx, &request{
		doing: "asking whether uploads are taken by", method: http.MethodPost, path: repo + "/blobs/uploads/",
		repo: repo, scope: auth.ScopeRepository(repo, auth.ActionPull, auth.ActionPush), body: []byte{}, limit: maxErrorBody, once: true,
	})
	if err != nil {
		if statusOf(err) == http.StatusMethodNotAllowed {
			return false, nil
		}
		return false, err
	}
	// Whatever ends ctx now, the upload should not stay.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := c.cancelUpload(ctx, repo, resp.header.Get("Location")); err != nil {
		return true, hint.With(err, "the registry's own purge of old uploads will remove it")
	}
	return true, nil
}

func (c *Client) cancelUpload(ctx context.Context, repo, location string) error {
	const doing = "cancelling the upload to"
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return fmt.Errorf("%s %q: %w", doing, repo, errors.New("the server does not say where it is"))
	}
	_, path, ok := strings.Cut(u.Path, "/v2/")
	if !ok || !strings.HasPrefix(path, repo+"/blobs/uploads/") {
		return fmt.Errorf("%s %q: %w", doing, repo, errors.New("the server names a strange place for it"))
	}
	_, err = c.do(ctx, &request{
		doing: doing, method: http.MethodDelete, path: path, query: u.Query(),
		repo: repo, limit: maxErrorBody,
		scope: auth.ScopeRepository(repo, auth.ActionPull, auth.ActionPush, auth.ActionDelete),
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
