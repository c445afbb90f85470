package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// MaxManifest is the longest manifest that is read, in bytes. Distribution takes
// none that is longer than 4 MiB.
const MaxManifest = 8 << 20

// acceptAll is never changed.
var acceptAll = http.Header{"Accept": {strings.Join(MediaTypes, ", ")}}

const digestHeader = "Docker-Content-Digest"

// Manifest reads what a tag or a digest stands for. It fails with [ErrContent] if the
// body is not what ref or the server says it is, and with [ErrNotFound] if there is
// none.
func (c *Client) Manifest(ctx context.Context, repo, ref string) (*Manifest, error) {
	var m *Manifest
	_, err := c.do(ctx, &request{
		doing: "reading manifest", method: http.MethodGet, path: repo + "/manifests/" + ref,
		repo: repo, ref: ref, scope: pull(repo), header: acceptAll, limit: MaxManifest,
		check: func(r *response) (err error) {
			m, err = readManifest(r, ref)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func readManifest(r *response, ref string) (*Manifest, error) {
	m := &Manifest{MediaType: mediaType(r.header), Body: r.body}
	said := r.header.Get(digestHeader)
	if m.MediaType == DockerSigned1 {
		payload, err := signedPayload(r.body)
		if err != nil {
			return nil, wrongContent{err}
		}
		r = &response{header: r.header, body: payload}
	}
	like := said
	if ValidDigest(ref) {
		like = ref
	}
	m.Digest = DigestLike(like, r.body)
	if err := checkDigest(m.Digest, said, ref, r.body); err != nil {
		return nil, err
	}
	doc := &document{}
	var odd *json.UnmarshalTypeError
	switch err := json.Unmarshal(r.body, doc); {
	case err == nil:
		m.doc = doc
	case !errors.As(err, &odd) || odd.Field == "mediaType" || odd.Field == "schemaVersion": // what else makes no sense is for Parse to say
		return nil, unexpected("it is no JSON: %w", err)
	}
	switch {
	case !slices.Contains(MediaTypes, m.MediaType) && doc.MediaType != "":
		m.MediaType = doc.MediaType
	case doc.MediaType != "" && doc.MediaType != m.MediaType:
		return nil, unexpected("it was sent as %q and calls itself %q", m.MediaType, doc.MediaType)
	}
	return m, nil
}

// checkDigest compares the digest of a body with what the server and the request
// said it is.
func checkDigest(got, said, ref string, body []byte) error {
	if ValidDigest(ref) && got != ref {
		return wrongContent{fmt.Errorf("%w: it is %s", ErrContent, got)}
	}
	switch {
	case said == "":
		return nil
	case !ValidDigest(said):
		return unexpected("the server calls it %q, which is no digest", said)
	case got != said && DigestLike(said, body) != said:
		return wrongContent{fmt.Errorf("%w: the server calls it %s, but it is %s", ErrContent, said, DigestLike(said, body))}
	}
	return nil
}

func mediaType(h http.Header) string {
	text := h.Get("Content-Type")
	if i := slices.Index(MediaTypes, text); i >= 0 {
		return MediaTypes[i] // one copy for all manifests
	}
	if t, _, err := mime.ParseMediaType(text); err == nil {
		return t
	}
	return text
}

// Head asks what a tag or a digest stands for without reading it: media type, digest
// and size in bytes, all as the server says. If the server leaves out the digest, or
// does not make clear who says "not found", the manifest is read after all.
func (c *Client) Head(ctx context.Context, repo, ref string) (Descriptor, error) {
	resp, err := c.do(ctx, &request{
		doing: "looking up manifest", method: http.MethodHead, path: repo + "/manifests/" + ref,
		repo: repo, ref: ref, scope: pull(repo), header: acceptAll, limit: MaxManifest,
	})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && !e.registry {
		return c.headByGet(ctx, repo, ref)
	}
	if err != nil {
		return Descriptor{}, err
	}
	d := Descriptor{MediaType: mediaType(resp.header), Digest: resp.header.Get(digestHeader), Size: resp.length}
	if !ValidDigest(d.Digest) || d.Size < 0 || !slices.Contains(MediaTypes, d.MediaType) {
		return c.headByGet(ctx, repo, ref)
	}
	if ValidDigest(ref) && d.Digest != ref {
		return Descriptor{}, fmt.Errorf("looking up manifest %q: %w: the server calls it %s", repo+"@"+ref, ErrContent, d.Digest)
	}
	return d, nil
}

func (c *Client) headByGet(ctx context.Context, repo, ref string) (Descriptor, error) {
	m, err := c.Manifest(ctx, repo, ref)
	if err != nil {
		return Descriptor{}, err
	}
	return Descriptor{MediaType: m.MediaType, Digest: m.Digest, Size: int64(len(m.Body))}, nil
}
