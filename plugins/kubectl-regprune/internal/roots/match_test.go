package roots

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

func site(name, why string) Site { return Site{Kind: "Pod", Name: name, Field: "image", Why: why} }

func viewOf(images ...string) *View {
	v := &View{}
	for _, i := range images {
		image, status := strings.CutPrefix(i, "status ")
		v.References = append(v.References, Reference{Image: image, Status: status, Sites: []Site{site(i, InUse)}})
	}
	return v
}

// kept is what Match keeps, in order.
func (m *Matched) kept() string {
	var all []string
	for repository, tags := range m.Tags {
		for tag := range tags {
			all = append(all, repository+":"+tag)
		}
	}
	for d := range m.Digests {
		all = append(all, strings.TrimLeft(strings.TrimPrefix(d, "sha256:"), "0"))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestReferencesLeadToTagsAndManifests(t *testing.T) {
	hosts := Hosts{Aliases: []string{"reg.test", "ingress.test/images", "both.test"}, Foreign: []string{"quay.io", "both.test"}}
	for _, c := range []struct{ image, want string }{
		{"reg.test/a/b:1", "a/b:1"},
		{"REG.TEST/a/b:1", "a/b:1"},
		{"anything.test:5000/a/b:1", "a/b:1"},
		{"localhost/a/b:1", "a/b:1"},
		{"[fd00::1]:5000/a/b:1", "a/b:1"},
		{"a/b:1", "a/b:1"},
		{"docker.io/a/b:1", "a/b:1"},
		{"a/b", "a/b:latest"},
		{"a/b:2", ""},
		{"a/b:3", "a/b:3"}, // a ghost is listed
		{"quay.io/a/b:1", ""},
		{"quay.io:443/a/b:1", "a/b:1"},
		{"both.test/a/b:1", "a/b:1"},
		{"ingress.test/images/a/b:1", "a/b:1"},
		{"ingress.test/images/images/x:1", "images/x:1"},
		{"ingress.test/images/x:1", "images/x:1"},
		{"ingress.test/a/b:1", "a/b:1"},
		{"other.test/images/a/b:1", ""},
		{"nginx:1", "library/nginx:1 nginx:1"},
		{"library/nginx:1", "library/nginx:1 nginx:1"},
		{"index.docker.io/library/nginx:1", "library/nginx:1 nginx:1"},
		{"reg.test/library/nginx:1", "library/nginx:1"},
		{"reg.test/nginx:1", "nginx:1"},
		{"reg.test/a/b@" + digest(0x11), "10 11 12"},
		{"reg.test/a/b:1@" + digest(0x11), "10 11 12 a/b:1"},
		{"reg.test/unknown@" + digest(0x11), "10 11 12"},
		{"quay.io/a/b@" + digest(0x11), ""},
		{"status quay.io/a/b@" + digest(0x11), "10 11 12"},
		{"status quay.io/a/b:1", ""},
		{"status docker-pullable://reg.test/a/b@" + digest(0x10), "10 12"},
		{"status docker://" + digest(0x12), "12"},
		{"status " + digest(0x13), "14"},
		{"status " + strings.TrimPrefix(digest(0x13), "sha256:"), "14"},
		{"status " + digest(0x99), ""},
		{"status not an image", ""},
		{"not an image", ""},
		{"reg.test/a/b:{{tag}}", "a/b:1 a/b:3 a/b:latest"},
		{"{{registry}}/a/b:1", "a/b:1"},
		{"{{registry}}/a/b", "a/b:latest"},
		{"ingress.test/images/a/b:{{tag}}", "a/b:1 a/b:3 a/b:latest"},
		{"quay.io/a/b:{{tag}}", ""},
		{"reg.test/a/{{name}}:1", "a/b:1"},
		{"reg.test/a/b@{{digest}}", "a/b:1 a/b:3 a/b:latest"},
		{"{{registry}}/a/b@" + digest(0x14), "14 a/b:latest"},
		{"{{image}}", ""},
	} {
		g := holding("a/b:1", "a/b:latest", "a/b:3", "nginx:1", "library/nginx:1", "images/x:1",
			"other@"+digest(0x10), "other@"+digest(0x11), "other@"+digest(0x12), "other@"+digest(0x14))
		g.Repository("a/b").Tags[2].Digest = ""
		g.Manifests[digest(0x12)].Children = []string{digest(0x10), digest(0x12)} // and a circle does no harm
		g.Manifests[digest(0x10)].Children = []string{digest(0x11)}
		g.Manifests[digest(0x14)].Config = &graph.Blob{Digest: digest(0x13)}
		m := Match(viewOf(c.image), hosts, g)
		if got := m.kept(); got != c.want {
			t.Errorf("%s keeps %q, want %q", c.image, got, c.want)
		}
		if m.References != 1 || m.Matched == 1 != (c.want != "") {
			t.Errorf("%s: %d references, %d matched", c.image, m.References, m.Matched)
		}
	}
}

func TestWhatLeadsNowhereIsTold(t *testing.T) {
	g := holding("a/b:1", "a/b:ghost", "part/x:1", "nginx:1", "library/nginx:2", "unread/x:1")
	g.Repository("a/b").Tags[1].Digest = ""
	g.Repository("part/x").Complete = false
	g.Repository("unread/x").Failed, g.Repository("unread/x").Tags[0].Digest = "a server error", ""
	v := viewOf("reg.test/a/b:gone", "other.test/a/b:gone", "reg.test/a/b:ghost", "reg.test/a/b@"+digest(5), "reg.test/part/x@"+digest(5),
		"reg.test/unread/x:1", "reg.test/unread/x:2", "reg.test/unread/x@"+digest(5), "status reg.test/a/b:gone", "reg.test/nothing:1", "nginx:1", "nginx:2", "quay.io/a/b:gone", "{{image}}", "No Image")
	v.References = append(v.References, Reference{Image: "reg.test/a/b:mentioned", Sites: []Site{site("c", Mentioned)}})
	m := Match(v, Hosts{Aliases: []string{"reg.test"}, Foreign: []string{"quay.io"}}, g)
	var got []string
	for _, d := range m.Dangling {
		got = append(got, fmt.Sprintf("%s %s:%s %v %d", d.Image, d.Repository, d.Tag, d.Alias, len(d.Sites)))
	}
	want := []string{"reg.test/a/b:gone a/b:gone true 1", "other.test/a/b:gone a/b:gone false 1", "reg.test/a/b:ghost a/b:ghost true 1",
		"reg.test/a/b@" + digest(5) + " a/b: true 1"}
	if !slices.Equal(got, want) {
		t.Errorf("dangling:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var unresolved []string
	for _, r := range m.Unresolved {
		unresolved = append(unresolved, r.Image)
	}
	if !slices.Equal(unresolved, []string{"{{image}}", "No Image"}) {
		t.Errorf("unresolved: %q", unresolved)
	}
	if want := map[string]int{"reg.test": 9, "other.test": 1, "docker.io": 2}; fmt.Sprint(m.Hosts) != fmt.Sprint(want) {
		t.Errorf("hosts: %v, want %v", m.Hosts, want)
	}
}

func TestTheStrongestReasonComesFirst(t *testing.T) {
	v := &View{References: []Reference{
		{Image: "x/app:1", Sites: []Site{site("a", Mentioned), site("b", HelmHistory), site("same", Mentioned)}},
		{Image: "y/app:1", Sites: []Site{site("c", Rollback), site("z", InUse), site("same", InUse)}},
		{Image: "z/app:1", Status: true, Sites: []Site{site("y", InUse)}},
	}}
	g := holding("app:1")
	want := []Site{site("same", InUse), site("y", InUse), site("z", InUse), site("c", Rollback), site("b", HelmHistory), site("a", Mentioned)}
	for i := range v.References {
		v.References[i].Image = fmt.Sprintf("host-%d.test/app:1", i)
	}
	first, err := json.Marshal(Match(v, Hosts{}, g))
	if err != nil {
		t.Fatal(err)
	}
	if got := Match(v, Hosts{}, g).Tags["app"]["1"]; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	for range 20 {
		rand.Shuffle(len(v.References), func(i, j int) { v.References[i], v.References[j] = v.References[j], v.References[i] })
		for _, r := range v.References {
			rand.Shuffle(len(r.Sites), func(i, j int) { r.Sites[i], r.Sites[j] = r.Sites[j], r.Sites[i] })
		}
		if again, err := json.Marshal(Match(v, Hosts{}, g)); err != nil || string(again) != string(first) {
			t.Fatalf("%s\nthen\n%s, %v", first, again, err)
		}
	}
}
