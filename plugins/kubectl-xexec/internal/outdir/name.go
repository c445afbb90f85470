package outdir

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// longestName is what file systems take, less the ending ".out".
const longestName = 255 - 4

// fileNames are the targets' names in the folder, all different.
func fileNames(targets []resolve.Target) []string {
	several := false
	for _, t := range targets {
		several = several || t.Context != targets[0].Context
	}
	names := make([]string, len(targets))
	for i, t := range targets {
		parts := []string{t.Namespace, t.Pod, t.Container}
		if several {
			parts = append([]string{t.Context}, parts...)
		}
		names[i] = fileName(parts)
	}
	return names
}

func fileName(parts []string) string {
	clean := make([]string, len(parts))
	for i, p := range parts {
		clean[i] = sanitize(p)
	}
	name := strings.Join(clean, "_")
	if len(name) > longestName {
		sum := fmt.Sprintf("~%x", sha256.Sum256([]byte(name)))[:13]
		name = name[:longestName-len(sum)] + sum
	}
	return name
}

// sanitize leaves only what means the same on every file system. A dot at the
// beginning would hide the file, or be more than a name.
func sanitize(part string) string {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
