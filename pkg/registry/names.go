package registry

import (
	"fmt"
	"strings"
)

const (
	lower    = "abcdefghijklmnopqrstuvwxyz0123456789"
	maxName  = 255
	maxTag   = 128
	tagStart = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_" + lower
)

// ValidRepository reports whether name can be that of a repository: components of
// lower-case letters and digits, held together by "." "_" "__" or any number of
// "-", with "/" between them.
func ValidRepository(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for component := range strings.SplitSeq(name, "/") {
		if !validComponent(component) {
			return false
		}
	}
	return true
}

func validComponent(s string) bool {
	for {
		rest := strings.TrimLeft(s, lower)
		if len(rest) == len(s) {
			return false // empty, or begins or ends with a separator
		}
		if rest == "" {
			return true
		}
		s = strings.TrimLeft(rest, "._-")
		switch separator := rest[:len(rest)-len(s)]; {
		case separator == ".", separator == "_", separator == "__":
		case separator != "" && strings.Trim(separator, "-") == "":
		default:
			return false
		}
	}
}

// ValidTag reports whether tag can be the name of a tag.
func ValidTag(tag string) bool {
	return tag != "" && len(tag) <= maxTag &&
		strings.Contains(tagStart, tag[:1]) && strings.Trim(tag, tagStart+".-") == ""
}

// checkNames keeps text that is no name out of paths, where it could mean
// something else. ref may be "".
func checkNames(repo, ref string) error {
	if !ValidRepository(repo) {
		return fmt.Errorf("%q is no name of a repository", repo)
	}
	if ref == "" || ValidDigest(ref) || ValidTag(ref) {
		return nil
	}
	return fmt.Errorf("%q is neither a tag nor a digest", ref)
}
