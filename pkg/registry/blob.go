package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Blob reads a blob of at most limit bytes, such as an image's configuration, and
// fails with [ErrContent] if it is not what digest says.
func (c *Client) Blob(ctx context.Context, repo, digest string, limit int64) ([]byte, error) {
	if !ValidDigest(digest) {
		return nil, fmt.Errorf("reading blob: %q is no digest", digest)
	}
	r := blobRequest("reading blob", http.MethodGet, repo, digest)
	r.limit = limit
	r.check = func(r *response) error {
		if got := DigestLike(digest, r.body); got != digest {
			return wrongContent{fmt.Errorf("%w: it is %s", ErrContent, got)}
		}
		return nil
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	return resp.body, nil
}

// StatBlob asks for the size of a blob in bytes. A registry that remembers what it
// had can be wrong: distribution still knows blobs that its garbage collection, which
// is another process, has deleted. [Client.ReadableBlob] is not deceived.
func (c *Client) StatBlob(ctx context.Context, repo, digest string) (int64, error) {
	if !ValidDigest(digest) {
		return 0, fmt.Errorf("looking up blob: %q is no digest", digest)
	}
	r := blobRequest("looking up blob", http.MethodHead, repo, digest)
	resp, err := c.do(ctx, r)
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && !e.registry || err == nil && resp.length < 0 {
		r.method = http.MethodGet // a body tells who says "not found"
		resp, err = c.do(ctx, r)
	}
	if err != nil {
		return 0, err
	}
	if resp.length < 0 {
		return 0, fmt.Errorf("looking up blob %q: the server does not say its size", repo+"@"+digest)
	}
	return resp.length, nil
}

func blobRequest(doing, method, repo, digest string) *request {
	return &request{
		doing: doing, method: method, path: repo + "/blobs/" + digest,
		repo: repo, ref: digest, scope: pull(repo), unread: method == http.MethodHead,
	}
}
