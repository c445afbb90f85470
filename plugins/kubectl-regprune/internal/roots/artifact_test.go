package roots

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// What deploys charts and manifests that are no images keeps them: the version that it
// names, or all if it names a range. Nothing depends on a deep scan, and one keeps no more.
func TestArtifactsAreKept(t *testing.T) {
	hosts := Hosts{Aliases: []string{"reg.test"}, Foreign: []string{"ghcr.io"}}
	g := holding("manifests/app:1.0", "manifests/app:2.0", "charts/shop:1.2.3", "charts/shop:1.3.0_b1", "charts/other:1", "other@"+digest(7), "shop:1.2.3")
	const all = "charts/shop:1.2.3 charts/shop:1.3.0_b1"
	for what, c := range map[string]struct{ object, want string }{
		"Flux, tag":          {"spec: {url: 'oci://reg.test/manifests/app', ref: {tag: '1.0'}}", "manifests/app:1.0"},
		"Flux, digest":       {"spec: {url: 'oci://reg.test/other', ref: {digest: '" + digest(7) + "'}}", "7"},
		"Flux, range":        {"spec: {url: 'oci://reg.test/manifests/app', ref: {semver: '>=1.0.0 <2'}}", "manifests/app:1.0 manifests/app:2.0"},
		"Flux, both":         {"spec: {url: 'oci://reg.test/manifests/app', ref: {tag: '1.0', digest: '" + digest(7) + "'}}", "7 manifests/app:1.0"},
		"Flux, no version":   {"spec: {url: 'oci://reg.test/manifests/app/'}", "manifests/app:1.0 manifests/app:2.0"},
		"another host":       {"spec: {url: 'oci://10.0.0.7:5000/manifests/app', ref: {tag: '1.0'}}", "manifests/app:1.0"},
		"a foreign host":     {"spec: {url: 'oci://ghcr.io/manifests/app', ref: {semver: '*'}}", ""},
		"no reference":       {"spec: {url: 'oci://reg.test/Manifests/App', ref: {tag: '1.0'}}", ""},
		"no artifact":        {"spec: {url: 'https://reg.test/manifests/x', ref: {branch: main}}", ""},
		"Argo CD, chart":     {"spec: {source: {repoURL: reg.test/charts, chart: shop, targetRevision: 1.2.3}}", "charts/shop:1.2.3"},
		"Argo CD, sources":   {"spec: {sources: [{repoURL: reg.test/charts, chart: shop, targetRevision: 1.*}, {repoURL: 'https://git.test/manifests/app', path: x}]}", all},
		"Argo CD, short":     {"spec: {source: {repoURL: reg.test/charts, chart: shop, targetRevision: '1.2'}}", all},
		"Argo CD, OCI":       {"spec: {source: {repoURL: 'oci://reg.test/manifests/app', path: ., targetRevision: '2.0.0'}}", ""},
		"Argo CD, OCI, HEAD": {"spec: {source: {repoURL: 'oci://reg.test/manifests/app', path: ., targetRevision: HEAD}}", "manifests/app:1.0 manifests/app:2.0"},
		"Argo CD, not OCI":   {"spec: {source: {repoURL: 'https://charts.test', chart: shop, targetRevision: 1.2.3}}", ""},
		"Helm release":       {"spec: {chart: {spec: {chart: shop, version: 1.2.3, sourceRef: {kind: HelmRepository, name: x}}}}", "charts/shop:1.2.3 shop:1.2.3"},
		"Helm release, any":  {"spec: {chart: {spec: {chart: shop, sourceRef: {kind: HelmRepository, name: x}}}}", all + " shop:1.2.3"},
		"Helm release, git":  {"spec: {chart: {spec: {chart: shop, sourceRef: {kind: GitRepository, name: x}}}}", ""},
		"build metadata":     {"spec: {chart: {spec: {chart: shop, version: 1.3.0+b1, sourceRef: {kind: HelmRepository, name: x}}}}", "charts/shop:1.3.0_b1"},
		"k3s":                {"spec: {chart: 'oci://reg.test/charts/shop', version: 1.2.3}", "charts/shop:1.2.3"},
		"Crossplane":         {"spec: {forProvider: {chart: {repository: 'oci://reg.test/charts', name: shop, version: 1.2.3}}}", "charts/shop:1.2.3"},
		"Cluster API":        {"spec: {repoURL: 'oci://reg.test/charts', chartName: shop}", all},
		"tag in the URL":     {"spec: {bundle: 'oci://reg.test/charts/shop:1.2.3'}", "charts/shop:1.2.3"},
	} {
		s := kubetest.Start(t, kubetest.Options{})
		fields := map[string]any{}
		if err := yaml.Unmarshal([]byte(c.object), &fields); err != nil {
			t.Fatal(err)
		}
		s.Put([]runtime.Object{custom("deploy.test/v1", "Deployer", "d", fields)}...)
		for _, o := range []Options{{Hosts: hosts}, {Hosts: hosts, Deep: g}} {
			m := Match(read(t, s, o), hosts, g)
			if got := m.kept(); got != c.want {
				t.Errorf("%s, deep %t: keeps %q, want %q", what, o.Deep != nil, got, c.want)
			}
			for _, tags := range m.Tags {
				for _, sites := range tags {
					if sites[0].Why != InUse || sites[0].Kind != "Deployer" || !strings.HasPrefix(sites[0].Field, "spec.") {
						t.Errorf("%s: %+v", what, sites)
					}
				}
			}
		}
	}
}

// A text that names a repository under a name of the registry, and no tag, leaves the tag
// to something else; a container's image without one is the default tag.
func TestARepositoryThatIsMentionedIsKept(t *testing.T) {
	g := holding("team/app:1", "team/app:latest")
	hosts := Hosts{Aliases: []string{"reg.test"}}
	for text, want := range map[string]string{
		"reg.test/team/app":                "team/app:1 team/app:latest",
		"see oci://other.test/team/app":    "team/app:1 team/app:latest",
		"https://git.test/team/app":        "team/app:latest",
		"team/app":                         "team/app:latest",
		"reg.test/team/app:1":              "team/app:1",
		"reg.test/team/unknown":            "",
		"--image-repository=reg.test/team": "",
	} {
		for _, secret := range []bool{false, true} {
			d := &deepScan{hosts: hosts, known: readContents(g), secret: secret, templates: map[string]bool{}}
			images := d.images(text, true)
			if got := Match(viewOf(images...), hosts, g).kept(); got != want {
				t.Errorf("%q, secret %t: %q keeps %q, want %q", text, secret, images, got, want)
			}
			if secret && slices.ContainsFunc(images, func(i string) bool { return strings.Contains(i, ".test") }) {
				t.Errorf("of a secret: %q", images)
			}
		}
	}
	o := map[string]any{"spec": map[string]any{"containers": containers("app", "reg.test/team/app"),
		"db": map[string]any{"repository": "reg.test/team/app", "tag": "1"}}}
	v := &View{}
	w := &walker{site: Site{Kind: "X", Why: InUse}, deep: &deepScan{hosts: hosts, known: readContents(g), templates: map[string]bool{}},
		add: func(image string, _ bool, s Site) {
			v.References = append(v.References, Reference{Image: image, Sites: []Site{s}})
			if strings.Contains(image, anyTag) {
				t.Errorf("%s is taken for all tags of %s", s.Field, image)
			}
		}}
	w.object(o)
	if got := Match(v, hosts, g).kept(); got != "team/app:1 team/app:latest" {
		t.Errorf("keeps %q", got)
	}
}
