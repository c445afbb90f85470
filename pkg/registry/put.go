package registry

import (
	"context"
	"fmt"
	"net/http"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// PutManifest writes a manifest under a tag or its digest. What it refers to must be
// there already. A tag that points elsewhere is moved, so look before.
func (c *Client) PutManifest(ctx context.Context, repo, ref string, m *Manifest) error {
	const doing = "writing manifest"
	digest := m.Digest
	if digest == "" {
		digest = Digest(m.Body)
	}
	if m.MediaType != DockerSigned1 && DigestLike(digest, m.Body) != digest {
		return fmt.Errorf("%s %q: %w: it is not %s", doing, repo, ErrContent, digest)
	}
	if ValidDigest(ref) && ref != digest {
		return fmt.Errorf("%s %q: %w: it is %s", doing, repo+"@"+ref, ErrContent, digest)
	}
	_, err := c.do(ctx, &request{
		doing: doing, method: http.MethodPut, path: repo + "/manifests/" + ref,
		repo: repo, ref: ref, scope: auth.ScopeRepository(repo, auth.ActionPull, auth.ActionPush),
		header: http.Header{"Content-Type": {m.MediaType}}, body: m.Body, limit: maxErrorBody,
		check: func(r *response) error {
			if said := r.header.Get(digestHeader); said != "" && said != digest {
				return permanent{fmt.Errorf("%w: it is %s, and the server calls it %s", ErrContent, digest, said)}
			}
			return nil
		},
	})
	return err
}

// DeleteManifest deletes a manifest, and with it all of its tags in the repository.
// It takes only digests, because a tag would mean something else to some servers.
// If an attempt's outcome was not known and the next one finds nothing, it has
// succeeded.
func (c *Client) DeleteManifest(ctx context.Context, repo, digest string) error {
	if !ValidDigest(digest) {
		return fmt.Errorf("deleting manifest: %q is no digest", digest)
	}
	return c.delete(ctx, "deleting manifest", repo, digest)
}

// DeleteTag deletes a tag and leaves its manifest. Distribution does it from version
// 3 on; older ones answer with [ErrUnsupported], as do servers that delete nothing.
func (c *Client) DeleteTag(ctx context.Context, repo, tag string) error {
	if !ValidTag(tag) {
		return fmt.Errorf("deleting tag: %q is no tag", tag)
	}
	return c.delete(ctx, "deleting tag", repo, tag)
}

func (c *Client) delete(ctx context.Context, doing, repo, ref string) error {
	_, err := c.do(ctx, deletion(doing, repo, ref))
	return err
}

func deletion(doing, repo, ref string) *request {
	return &request{
		doing: doing, method: http.MethodDelete, path: repo + "/manifests/" + ref,
		repo: repo, ref: ref, scope: auth.ScopeRepository(repo, auth.ActionPull, auth.ActionDelete), limit: maxErrorBody,
	}
}
