package roots

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

func TestImagesAreUnderstoodAsRuntimesDo(t *testing.T) {
	sum := strings.TrimPrefix(digest(7), "sha256:")
	for text, want := range map[string]image{
		"nginx":                        {host: "docker.io", path: "library/nginx"},
		"a/b:1":                        {host: "docker.io", path: "a/b", tag: "1"},
		"localhost/a":                  {host: "localhost", path: "a"},
		"host:5000/a/b:1@" + digest(7): {"host:5000", "a/b", "1", digest(7)},
		"Host.Test/a":                  {host: "host.test", path: "a"},
		"docker-pullable://h.test/a@" + digest(7): {host: "h.test", path: "a", digest: digest(7)},
		"docker://" + digest(7):                   {digest: digest(7)},
		digest(7):                                 {digest: digest(7)},
		sum:                                       {digest: digest(7)},
		"[fd00::1]:5000/a:1":                      {host: "[fd00::1]:5000", path: "a", tag: "1"},
	} {
		if got, err := parseImage(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "h.test/A", "a:b:c", "a@sha256:1", "a b", "/a", "a/"} {
		if got, err := parseImage(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// pick makes a word of the letters, with the rest inside only.
func pick(r *rand.Rand, letters, inner string, most int) string {
	var b strings.Builder
	n := 1 + r.IntN(most)
	for i := range n {
		set := letters
		if i > 0 && i < n-1 && !strings.ContainsAny(b.String()[i-1:], inner) {
			set += inner
		}
		b.WriteByte(set[r.IntN(len(set))])
	}
	return b.String()
}

// Whatever a registry is called, its tags are kept when something names them.
func TestAReferenceToATagAlwaysKeepsIt(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) // any number does
	r := rand.New(rand.NewPCG(seed, 1))
	const lower = "abcxyz0189"
	for range 10000 / slower {
		var parts []string
		for range 1 + r.IntN(4) {
			parts = append(parts, pick(r, lower, "-._", 8))
		}
		repository, tag := strings.Join(parts, "/"), pick(r, lower+"XYZ_", ".-", 20)
		alias := []string{"localhost", "localhost:32000", "registry", "10.0.0.1:5000", "[fd00::1]:5000",
			pick(r, lower, "-", 8) + ".Example.com", pick(r, lower, "-", 8) + ":5000"}[r.IntN(7)]
		if alias == "registry" {
			alias += ":80" // a word alone is no host for a runtime
		}
		prefix := ""
		if r.IntN(3) == 0 {
			prefix = "/" + pick(r, lower, "-", 8)
		}
		text := alias + prefix + "/" + repository + ":" + tag
		if r.IntN(4) == 0 {
			text += "@" + digest(r.IntN(1000))
		}
		hosts := Hosts{Foreign: []string{"foreign.test"}}
		if prefix != "" || r.IntN(2) == 0 {
			hosts.Aliases = []string{alias + prefix}
		}
		g := holding(repository + ":" + tag)
		if m := Match(viewOf(text), hosts, g); len(m.Tags[repository][tag]) != 1 {
			t.Fatalf("seed %d: %q with %+v does not keep %s:%s, but %+v", seed, text, hosts, repository, tag, m)
		}
		d := deepScan{hosts: hosts, known: readContents(g), templates: map[string]bool{}}
		if found := d.images(`{"x":"y\n`+text+`\n"}`, false); len(found) != 1 || found[0] != text {
			t.Fatalf("seed %d: a deep scan finds %q, not %q", seed, found, text)
		}
	}
}

// Whatever a text is, nothing fails on it, and of a secret one nothing is told.
func TestArbitraryTextsDoNoHarm(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) // any number does
	r := rand.New(rand.NewPCG(seed, 2))
	pieces := []string{"nginx", "a/b", "localhost:32000", "/", ":", "@", "@sha256:", digest(1), "sha256:", "{{", "}}", "${", "}", "$(", ")", "$x", "%s", "<", ">",
		"\\n", "\n", " ", "\xff", "\x00", "docker-pullable://", "1", "latest", "A", ".", "-", "_", "[::1]", "é", strings.Repeat("x", 300)}
	check := checkText()
	for range 10000 / slower {
		var text strings.Builder
		for range r.IntN(9) {
			text.WriteString(pieces[r.IntN(len(pieces))])
		}
		check(t, text.String())
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzImage(f *testing.F) {
	for _, text := range []string{"nginx", "localhost:32000/a/b:1@" + digest(1), "docker-pullable://x", "{{a}}/b:${c}", "\xff{{x}}", "@", ":", "//", "<a>@@b@@",
		"$(a)@sha256:", digest(1), "[::1]/a"} {
		f.Add(text)
	}
	f.Fuzz(checkText())
}

func checkText() func(t *testing.T, text string) {
	g := holding("a/b:1", "nginx:latest", "pod@"+digest(1))
	known := readContents(g)
	return func(t *testing.T, text string) {
		for _, hosts := range []Hosts{{}, {Aliases: []string{text, "localhost:32000"}, Foreign: []string{text}}} {
			Match(viewOf(text, "status "+text), hosts, g)
			for _, secret := range []bool{false, true} {
				d := deepScan{hosts: hosts, known: known, secret: secret, templates: map[string]bool{}}
				for _, image := range d.images(text, true) {
					if secret && !knows(g, image) {
						t.Errorf("%q is told of the secret %q", image, text)
					}
				}
			}
		}
		decodeRelease(text)
		decodeList(strings.NewReader(text), func([]byte) error { return nil })
	}
}

// knows reports whether an image is made of nothing but what g has.
func knows(g *graph.Registry, image string) bool {
	for _, r := range g.Repositories {
		if image == r.Name+":"+anyTag {
			return true
		}
		for _, tag := range r.Tags {
			for d := range g.Manifests {
				for _, form := range []string{"%[1]s:%[2]s%.0[3]s", "%[1]s%.0[2]s@%[3]s", "%[1]s:%[2]s@%[3]s", "%.0[1]s%.0[2]s%[3]s"} {
					if fmt.Sprintf(form, r.Name, tag.Name, d) == image {
						return true
					}
				}
			}
		}
	}
	return false
}
