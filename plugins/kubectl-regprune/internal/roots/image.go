package roots

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// image is what a reference means to a container runtime. A bare digest has
// nothing but that.
type image struct {
	host, path  string // docker.io and library/NAME for a short name
	tag, digest string
}

// dockerHub is where runtimes look for names without a host.
const dockerHub = "docker.io"

var (
	// urlScheme is how Docker's runtime, and charts and images as URLs, begin.
	urlScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://`)
	bareID    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// parseImage understands what can stand in a pod's specification and status:
// NAME[:TAG][@DIGEST], a digest, an ID, and these after docker-pullable:// and the
// like. It gives no default tag.
func parseImage(text string) (image, error) {
	text = withoutScheme(text)
	switch {
	case registry.ValidDigest(text):
		return image{digest: text}, nil
	case bareID.MatchString(text):
		return image{digest: "sha256:" + text}, nil
	}
	ref, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return image{}, fmt.Errorf("parsing image %q: %w", text, err)
	}
	img := image{host: strings.ToLower(reference.Domain(ref)), path: reference.Path(ref)}
	if t, ok := ref.(reference.Tagged); ok {
		img.tag = t.Tag()
	}
	if d, ok := ref.(reference.Digested); ok {
		img.digest = d.Digest().String()
	}
	return img, nil
}

// hostOf is the host that a text begins with as far as that can be told without
// parsing, or "". It has the runtimes' rule of what is a host.
func hostOf(text string) string {
	first, _, ok := strings.Cut(withoutScheme(text), "/")
	if !ok || !strings.ContainsAny(first, ".:") && first != "localhost" && strings.ToLower(first) == first {
		return ""
	}
	return strings.ToLower(first)
}

func withoutScheme(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return urlScheme.ReplaceAllString(text, "")
}
