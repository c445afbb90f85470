package graph

import (
	"regexp"
	"strings"
)

// attachedTag is how cosign and the fallback of the OCI specification name what
// belongs to a digest where a registry has no API for that.
var attachedTag = regexp.MustCompile(`^(sha256|sha384|sha512)-([0-9a-f]{64,128})(\.[a-z0-9._-]+)?$`)

// AttachedTo is the digest that a tag such as sha256-….sig belongs to, or "".
func AttachedTo(tag string) string {
	if !strings.HasPrefix(tag, "sha") { // as of nearly all tags of a registry
		return ""
	}
	m := attachedTag.FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return m[1] + ":" + m[2]
}
