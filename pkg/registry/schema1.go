package registry

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// DigestLike is the digest of m by the algorithm of digest, so that the two can be
// compared: that of its body, or, as servers see it, of what was signed of a signed
// schema1 manifest. It fails if nobody can tell what that was.
func (m *Manifest) DigestLike(digest string) (string, error) {
	if m.MediaType != DockerSigned1 {
		return DigestLike(digest, m.Body), nil
	}
	payload, err := signedPayload(m.Body)
	if err != nil {
		return "", fmt.Errorf("reading what was signed: %w", err)
	}
	return DigestLike(digest, payload), nil
}

// signedPayload is what the digest of a signed schema1 manifest is of: the document
// without its signatures, each of which says where that ended and how it went on.
func signedPayload(body []byte) ([]byte, error) {
	var doc struct {
		Signatures []struct {
			Protected string `json:"protected"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	if len(doc.Signatures) == 0 {
		return nil, errors.New("it was sent as signed and has no signature")
	}
	header, err := base64.RawURLEncoding.DecodeString(doc.Signatures[0].Protected)
	if err != nil {
		return nil, fmt.Errorf("decoding its signature: %w", err)
	}
	var format struct {
		Length int    `json:"formatLength"`
		Tail   string `json:"formatTail"`
	}
	if err := json.Unmarshal(header, &format); err != nil {
		return nil, fmt.Errorf("decoding its signature: %w", err)
	}
	tail, err := base64.RawURLEncoding.DecodeString(format.Tail)
	if err != nil {
		return nil, fmt.Errorf("decoding its signature: %w", err)
	}
	if format.Length < 0 || format.Length > len(body) {
		return nil, fmt.Errorf("its signature is for %d bytes of %d", format.Length, len(body))
	}
	return append(append(make([]byte, 0, format.Length+len(tail)), body[:format.Length]...), tail...), nil
}
