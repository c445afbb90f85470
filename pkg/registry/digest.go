package registry

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
)

// ValidDigest reports whether text is a digest that a registry takes: sha256, sha384
// or sha512 in lower-case hexadecimal.
func ValidDigest(text string) bool {
	algorithm, sum, _ := strings.Cut(text, ":")
	lengths := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}
	if want := lengths[algorithm]; want == 0 || len(sum) != want {
		return false
	}
	return strings.Trim(sum, "0123456789abcdef") == ""
}

// Digest is the sha256 digest of body.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// DigestLike is the digest of body by the algorithm of digest, so that the two can
// be compared.
func DigestLike(digest string, body []byte) string {
	switch algorithm, _, _ := strings.Cut(digest, ":"); algorithm {
	case "sha384":
		sum := sha512.Sum384(body)
		return "sha384:" + hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512(body)
		return "sha512:" + hex.EncodeToString(sum[:])
	}
	return Digest(body)
}
