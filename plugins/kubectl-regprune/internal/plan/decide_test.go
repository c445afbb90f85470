package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// shelfOf describes a repository in words: "TAG=NAME" is a tag, "NAME" an image,
// "NAME>A,B" an index, "NAME:SUBJECT" a signature, "NAME!WHAT" one with a protection or
// that is broken.
func shelfOf(t *testing.T, words string) *graph.Registry {
	t.Helper()
	g := &graph.Registry{Manifests: map[string]*graph.Manifest{}, Blobs: map[string]*graph.Blob{}}
	r := &graph.Repository{Name: "r", Complete: true, Pushed: map[string]time.Time{}}
	for word := range strings.FieldsSeq(words) {
		if tag, name, ok := strings.Cut(word, "="); ok {
			digest := ""
			if name != "" {
				digest = hash(name)
			}
			if subject, ok := strings.CutPrefix(tag, "sig-of-"); ok {
				tag = strings.Replace(hash(subject), ":", "-", 1) + ".sig"
			}
			r.Tags = append(r.Tags, graph.Tag{Name: tag, Digest: digest})
			continue
		}
		m := &graph.Manifest{Kind: registry.Image, Size: 1}
		name, children, isIndex := strings.Cut(word, ">")
		name, subject, _ := strings.Cut(name, ":")
		name, mark, _ := strings.Cut(name, "!")
		if isIndex {
			m.Kind = registry.Index
			for child := range strings.SplitSeq(children, ",") {
				m.Children = append(m.Children, hash(child))
			}
		} else {
			m.Config = &graph.Blob{Digest: hash("config of " + name), Size: 10}
			g.Blobs[m.Config.Digest] = m.Config
		}
		if subject != "" {
			m.Subject = hash(subject)
		}
		if mark == "broken" {
			m.Broken = "it is cut short"
		} else {
			m.Protect = mark
		}
		m.Digest = hash(name)
		g.Manifests[m.Digest] = m
		r.Linked = append(r.Linked, m.Digest)
	}
	slices.Sort(r.Linked)
	slices.SortFunc(r.Tags, func(a, b graph.Tag) int { return strings.Compare(a.Name, b.Name) })
	g.Repositories = []*graph.Repository{r}
	return g
}

func hash(name string) string { return registry.Digest([]byte(name)) }

// told is a plan in words, by the names that the digests came from.
func told(p *Plan, names string) string {
	known := map[string]string{}
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return strings.ContainsRune(" =>,:!", r) }) {
		known[hash(name)] = name
	}
	short := func(tag string) string {
		if d := graph.AttachedTo(tag); d != "" {
			return "sig-of-" + known[d]
		}
		return tag
	}
	var lines []string
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			lines = append(lines, fmt.Sprintf("%s %s %s", short(t.Name), t.Action, t.Reason))
		}
		for _, m := range r.Manifests {
			line := fmt.Sprintf("@%s %s %s", known[m.Digest], m.Action, m.Reason)
			if m.Order > 0 {
				line += fmt.Sprintf(" %d", m.Order)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// rules keep tags that begin with keep, and let the rest go.
type rules struct {
	untagged bool
	keep     string // a further beginning
}

func (r rules) Entry(string) Entry { return r }
func (rules) Words() []string      { return nil }
func (r rules) Untags() bool       { return r.untagged }

func (rules) Untagged(time.Time, time.Time, time.Time) policy.Decision {
	return policy.Decision{Verdict: policy.NotKept}
}

func (r rules) Evaluate(images []policy.Image, _ map[string]bool, _ time.Time) map[string]policy.Decision {
	out := map[string]policy.Decision{}
	for _, i := range images {
		for _, tag := range i.Tags {
			out[tag] = policy.Decision{Verdict: policy.NotKept, Rule: 2}
			if strings.HasPrefix(tag, "keep") || r.keep != "" && strings.HasPrefix(tag, r.keep) {
				out[tag] = policy.Decision{Verdict: policy.Kept, Rule: 1}
			}
		}
	}
	return out
}

func TestDecisions(t *testing.T) {
	site := func(why string) []roots.Site { return []roots.Site{{Kind: "Pod", Name: "p", Why: why}} }
	for _, tc := range []struct {
		name, shelf, want string
		tags              map[string]string // in use, by why
		digests           map[string]string
		untagged, two     bool // a policy, and a server, of version 2
		overwrite         bool
		failed, keep      string
	}{
		{name: "one goes, one stays", shelf: "a b 1=a keep=b", want: "1 delete not-kept\n@a delete not-kept 1\n@b keep tagged\nkeep keep rule"},
		{name: "twins", shelf: "a 1=a keep=a", want: "1 untag not-kept\n@a keep tagged\nkeep keep rule"},
		{name: "twins, version 2", two: true, shelf: "a 1=a keep=a", want: "1 keep shared-digest\n@a keep tagged\nkeep keep rule"},
		{name: "twins, version 2, overwritten", two: true, overwrite: true, shelf: "a 1=a keep=a", want: "1 untag not-kept\n@a keep tagged\nkeep keep rule"},
		{name: "in use by tag, with its twin", tags: map[string]string{"1": roots.InUse}, shelf: "a 0=a 1=a", want: "0 keep in-use\n1 keep in-use\n@a keep in-use"},
		{name: "a revision", digests: map[string]string{"a": roots.Rollback}, shelf: "a 1=a", want: "1 keep rollback\n@a keep rollback"},
		{name: "an index goes with its images, which have no tags", shelf: "i>a,b a b 1=i",
			want: "1 delete not-kept\n@a delete child-of-deleted 2\n@b delete child-of-deleted 2\n@i delete not-kept 1"},
		{name: "nested", shelf: "o>i,b i>a,b a b 1=o",
			want: "1 delete not-kept\n@a delete child-of-deleted 3\n@b delete child-of-deleted 3\n@i delete child-of-deleted 2\n@o delete not-kept 1"},
		{name: "a shared child stays", shelf: "i>a,b j>b,c a b c 1=i keep=j",
			want: "1 delete not-kept\n@a delete child-of-deleted 2\n@b keep child-of-kept\n@c keep child-of-kept\n@i delete not-kept 1\n@j keep tagged\nkeep keep rule"},
		{name: "a child in use does not keep its index by itself", digests: map[string]string{"a": roots.InUse}, shelf: "i>a,b a b 1=i",
			want: "1 delete not-kept\n@a keep in-use\n@b delete child-of-deleted 2\n@i delete not-kept 1"},
		{name: "a signature by subject", shelf: "a s:a b u:b 1=a keep=b",
			want: "1 delete not-kept\n@a delete not-kept 1\n@b keep tagged\n@s delete referrer-of-deleted 2\n@u keep referrer-of-kept\nkeep keep rule"},
		{name: "a signature by name", shelf: "a s b u 1=a keep=b sig-of-a=s sig-of-b=u",
			want: "1 delete not-kept\n@a delete not-kept 1\n@b keep tagged\n@s delete referrer-of-deleted 2\n@u keep referrer-of-kept\nkeep keep rule\nsig-of-a delete referrer-of-deleted\nsig-of-b keep referrer-of-kept"},
		{name: "a signature of a signature", shelf: "a s:a u:s 1=a",
			want: "1 delete not-kept\n@a delete not-kept 1\n@s delete referrer-of-deleted 2\n@u delete referrer-of-deleted 3"},
		{name: "a signature of nothing", shelf: "s sig-of-gone=s", want: "@s keep untagged\nsig-of-gone keep untagged"},
		{name: "a signature of nothing, unwanted", untagged: true, shelf: "s sig-of-gone=s", want: "@s delete referrer-of-deleted 1\nsig-of-gone delete referrer-of-deleted"},
		{name: "a signature of nothing, kept by its name", untagged: true, keep: "sha256-", shelf: "s sig-of-gone=s", want: "@s keep rule\nsig-of-gone keep rule"},
		{name: "untagged", shelf: "a i>b b keep=i", want: "@a keep untagged\n@b keep child-of-kept\n@i keep tagged\nkeep keep rule"},
		{name: "untagged, unwanted", untagged: true, shelf: "a i>b b keep=i", want: "@a delete untagged-deleted 1\n@b keep child-of-kept\n@i keep tagged\nkeep keep rule"},
		{name: "an untagged index keeps its images", shelf: "i>a a", want: "@a keep child-of-kept\n@i keep untagged"},
		{name: "protected", shelf: "a!true b!2026-01-02 c!2025-12-31 d!false 1=a 2=b 3=c 4=d",
			want: "1 keep protected\n2 keep protected\n3 delete not-kept\n4 delete not-kept\n@a keep protected\n@b keep protected\n@c delete not-kept 1\n@d delete not-kept 1"},
		{name: "protected by words", shelf: "a!please 1=a", want: "1 keep protected\n@a keep protected"},
		{name: "broken", shelf: "a!broken b 1=a 2=b", want: "1 keep unreadable\n2 delete not-kept\n@a keep unreadable\n@b delete not-kept 1"},
		{name: "a ghost", shelf: "1=", want: "1 keep ghost"},
		{name: "not all could be read", failed: "a tag could not", shelf: "a b 1=a 2=b 3=", want: "1 keep unreadable\n2 keep unreadable\n3 keep unreadable\n@a keep unreadable\n@b keep unreadable"},
		{name: "a tagged child of what stays", shelf: "i>a a 1=a keep=i", want: "1 untag not-kept\n@a keep child-of-kept\n@i keep tagged\nkeep keep rule"},
		{name: "a child that is missing", shelf: "i>gone 1=i", want: "1 delete not-kept\n@i delete not-kept 1"},
		{name: "attached to itself", shelf: "a sig-of-a=a", want: "@a keep untagged\nsig-of-a keep untagged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := shelfOf(t, tc.shelf)
			g.Repositories[0].Failed = tc.failed
			refs := References{Tags: map[string]map[string][]roots.Site{"r": {}}, Digests: map[string][]roots.Site{}}
			for tag, why := range tc.tags {
				refs.Tags["r"][tag] = site(why)
			}
			for name, why := range tc.digests {
				refs.Digests[hash(name)] = site(why)
			}
			p := Make(Input{
				Graph: g, Rules: rules{untagged: tc.untagged, keep: tc.keep}, Use: refs, Now: noon, Registry: Registry{TagsOwn: !tc.two}, Overwrite: tc.overwrite,
				Limits: Limits{MaxShare: 1, MaxCount: -1},
			})
			if diff := cmp.Diff(tc.want, told(p, tc.shelf+" gone")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFreedOfBrokenIndex: the collection keeps what an index names, even if the image
// is linked no more.
func TestFreedOfBrokenIndex(t *testing.T) {
	g := shelfOf(t, "i>a 1=i")
	g.Manifests[hash("a")] = &graph.Manifest{Digest: hash("a"), Size: 100}
	freed := g.Freed(map[graph.Ref]bool{{Repository: "r", Digest: hash("i")}: true})
	if freed.Plan != 101 || !freed.Exact {
		t.Errorf("%+v, want the index and the image", freed)
	}
}

func TestGuards(t *testing.T) {
	for _, tc := range []struct {
		name, shelf string
		limits      Limits
		cluster     Cluster
		want        string // IDs and flags
	}{
		{"exactly half", "a b 1=a keep=b", Limits{MaxShare: 0.5, MaxCount: -1}, Cluster{Matched: 1}, ""},
		{"two thirds", "a b c 1=a 2=b keep=c", Limits{MaxShare: 0.5, MaxCount: -1}, Cluster{Matched: 1}, "max-delete --max-delete 67%"},
		{"by number", "a b c 1=a 2=b keep=c", Limits{MaxShare: 1, MaxCount: 1}, Cluster{Matched: 1}, "max-delete --max-delete 2"},
		{"enough by number", "a b c 1=a 2=b keep=c", Limits{MaxCount: 2}, Cluster{Matched: 1}, ""},
		{"the last tag", "a 1=a", Limits{MaxShare: 1, MaxCount: -1}, Cluster{Matched: 1}, "empty-repository --allow-empty"},
		{"the last tag, allowed", "a 1=a", Limits{MaxShare: 1, MaxCount: -1, AllowEmpty: true}, Cluster{Matched: 1}, ""},
		{"only a ghost is left", "a 1=a 2=", Limits{MaxShare: 1, MaxCount: -1}, Cluster{Matched: 1}, "empty-repository --allow-empty"},
		{"nothing in use", "a b 1=a keep=b", Limits{MaxShare: 1, MaxCount: -1}, Cluster{}, "no-references --allow-no-references"},
		{"nothing in use, allowed", "a b 1=a keep=b", Limits{MaxShare: 1, MaxCount: -1, AllowNoUse: true}, Cluster{}, ""},
		{"nobody asked", "a b 1=a keep=b", Limits{MaxShare: 1, MaxCount: -1}, Cluster{Skipped: true}, ""},
		{"untagged ones", "a b keep=b", Limits{MaxShare: 0.4, MaxCount: -1}, Cluster{Matched: 1}, "max-delete --max-delete 50%"},
		{"nothing goes", "b keep=b", Limits{MaxCount: -1}, Cluster{}, ""},
	} {
		p := Make(Input{Graph: shelfOf(t, tc.shelf), Rules: rules{untagged: true}, Now: noon, Registry: Registry{TagsOwn: true}, Limits: tc.limits, Cluster: tc.cluster})
		var got []string
		for _, g := range p.Guards {
			got = append(got, g.ID+" "+g.Overrule)
		}
		if diff := cmp.Diff(tc.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

// counting remembers what it was asked.
type counting struct {
	rules
	calls *[]string
}

func (c counting) Entry(string) Entry { return c }

func (c counting) Evaluate(images []policy.Image, kept map[string]bool, now time.Time) map[string]policy.Decision {
	for _, i := range images {
		*c.calls = append(*c.calls, fmt.Sprintf("%s %t", strings.Join(i.Tags, ","), kept[i.Digest]))
	}
	return c.rules.Evaluate(images, kept, now)
}

// TestPartsDoNotCount: rules that count are not asked about images of an index.
func TestPartsDoNotCount(t *testing.T) {
	var calls []string
	Make(Input{Graph: shelfOf(t, "i>a a b 1=i 1-amd64=a 2=b"), Rules: counting{calls: &calls}, Now: noon})
	slices.Sort(calls)
	if want := []string{"1 false", "1-amd64 true", "2 false"}; !slices.Equal(calls, want) {
		t.Errorf("asked %v, want %v", calls, want)
	}
}

func TestParse(t *testing.T) {
	good := `{"apiVersion":"` + APIVersion + `","kind":"Plan","repositories":[{"name":"r","tags":[{"name":"1","digest":"` + hash("a") + `","action":"delete","reason":"not-kept"}],"manifests":[]}]}`
	if _, err := Parse([]byte(good)); err != nil {
		t.Errorf("a plan: %v", err)
	}
	for name, text := range map[string]string{
		"another kind":     `{"apiVersion":"` + APIVersion + `","kind":"Policy"}`,
		"nothing":          `{}`,
		"no JSON":          `{`,
		"an unknown field": strings.Replace(good, `"tags"`, `"tagz":[],"tags"`, 1),
		"another action":   strings.Replace(good, `"delete"`, `"remove"`, 1),
		"no digest":        strings.Replace(good, hash("a"), "", 1),
		"a bad digest":     strings.Replace(good, hash("a"), "latest", 1),
	} {
		if p, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken for a plan: %+v", name, p)
		}
	}
}
