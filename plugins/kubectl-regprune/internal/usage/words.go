package usage

import (
	"fmt"
	"strings"
)

// Name is REPOSITORY:TAG, with all tags.
func (s Sharer) Name() string {
	switch {
	case s.Digest == "":
		return s.Repository + " (untagged)"
	case len(s.Tags) == 0:
		return s.Repository + "@" + s.Digest
	}
	return s.Repository + ":" + strings.Join(s.Tags, ",")
}

// NotKnown says what a reader of u could take for known, in words.
func (u *Usage) NotKnown() []string {
	t, list := u.Totals, []string(nil)
	if t.StoredBytes < 0 {
		list = append(list, "how much is stored, and how much of it is garbage: the storage was not listed")
	}
	if t.Incomplete > 0 {
		list = append(list, fmt.Sprintf("all manifests of %d of %s: bytes that seem to be exclusive, or garbage, may be theirs",
			t.Incomplete, counted(t.Repositories, "repository", "repositories")))
	}
	if t.UnknownSizes > 0 {
		list = append(list, "the size of "+counted(t.UnknownSizes, "blob", "blobs"))
	}
	if t.Unreadable > 0 {
		list = append(list, "what "+counted(t.Unreadable, "manifest needs: it", "manifests need: they")+" cannot be read")
	}
	return list
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
