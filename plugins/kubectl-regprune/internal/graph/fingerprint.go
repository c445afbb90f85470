package graph

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Fingerprint is a digest of what exists under which name. Equal registries have
// equal fingerprints; what a manifest says is part of its own digest.
func (g *Registry) Fingerprint() string {
	sum := sha256.New()
	w := bufio.NewWriter(sum)
	for _, r := range g.Repositories {
		fmt.Fprintf(w, "repository %s %t\n", r.Name, r.Complete)
		for _, t := range r.Tags {
			line(w, "tag ", t.Name, " ", t.Digest)
		}
		for _, d := range r.Linked {
			line(w, "manifest ", d)
		}
	}
	if err := w.Flush(); err != nil { // a hash takes everything
		return ""
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func line(w *bufio.Writer, texts ...string) {
	for _, t := range texts {
		_, _ = w.WriteString(t) // Flush tells
	}
	_ = w.WriteByte('\n')
}
