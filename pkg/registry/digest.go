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
	want := 0
	switch algorithm {
	case "sha256":
		want = 64
	case "sha384":
		want = 96
	case "sha512":
		want = 128
	}
	if want == 0 || len(sum) != want {
		return false
	}
	for i := range len(sum) {
		if c := sum[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Digest is the sha256 digest of body.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	var text [len("sha256:") + 2*sha256.Size]byte
	copy(text[:], "sha256:")
	hex.Encode(text[len("sha256:"):], sum[:])
	return string(text[:])
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
