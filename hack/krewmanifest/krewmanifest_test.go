package krewmanifest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const templates = "../../krew-manifests"

type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Version   string
		Platforms []struct {
			URI, Sha256, Bin string
			Selector         struct{ MatchLabels map[string]string }
		}
	}
}

// sums pretends that all six archives of a plugin were built.
func sums(plugin, tag string) map[string]string {
	m := map[string]string{}
	for i, os := range []string{"linux", "darwin", "windows"} {
		for j, arch := range []string{"amd64", "arm64"} {
			ext := "tar.gz"
			if os == "windows" {
				ext = "zip"
			}
			m[fmt.Sprintf("kubectl-%s_%s_%s_%s.%s", plugin, tag, os, arch, ext)] = strings.Repeat(fmt.Sprint(i*2+j), 64)
		}
	}
	return m
}

// TestTemplatesMatchPlugins checks the real templates: one for each plugin, all
// six platforms, each with the archive of its own platform.
func TestTemplatesMatchPlugins(t *testing.T) {
	mains, err := filepath.Glob("../../plugins/kubectl-*/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("found no plugins (%v)", err)
	}
	for _, main := range mains {
		plugin := strings.TrimPrefix(filepath.Base(filepath.Dir(main)), "kubectl-")
		text, err := os.ReadFile(filepath.Join(templates, plugin+".yaml"))
		if err != nil {
			t.Errorf("every plugin has a template: %v", err)
			continue
		}
		out, err := Build{Tag: "v1.2.3", Checksums: sums(plugin, "v1.2.3")}.Render(plugin, string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		checkManifest(t, plugin, out)
	}
}

func checkManifest(t *testing.T, plugin string, out []byte) {
	t.Helper()
	var m manifest
	if err := yaml.Unmarshal(out, &m); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if m.Kind != "Plugin" || m.Metadata.Name != plugin || m.Spec.Version != "v1.2.3" || len(m.Spec.Platforms) != 6 {
		t.Errorf("%s: %+v", plugin, m)
	}
	seen := map[string]bool{}
	for _, p := range m.Spec.Platforms {
		platform := p.Selector.MatchLabels["os"] + "_" + p.Selector.MatchLabels["arch"]
		prefix := "https://github.com/kubectl-suite/kubectl-suite/releases/download/v1.2.3/kubectl-" + plugin + "_v1.2.3_" + platform + "."
		if !strings.HasPrefix(p.URI, prefix) || len(p.Sha256) != 64 || seen[p.Sha256] || !strings.HasPrefix(p.Bin, "kubectl-"+plugin) {
			t.Errorf("%s, %s: %+v", plugin, platform, p)
		}
		seen[p.Sha256] = true
	}
}

const small = `kind: Plugin
metadata: {name: x}
spec:
  version: {{ .TagName }}
  platforms:
  - bin: a
    {{ addURIAndSha "https://example.test/{{ .TagName }}/a.tar.gz" .TagName }}
  - bin: b
    {{ addURIAndSha "https://example.test/{{ .TagName }}/b.tar.gz" .TagName }}
`

func TestMissingArchive(t *testing.T) {
	sum := strings.Repeat("a", 64)
	b := Build{Tag: "v1.0.0", Checksums: map[string]string{"a.tar.gz": sum}, Base: "http://127.0.0.1:1/dist/"}
	if _, err := b.Render("x", small); err == nil || !strings.Contains(err.Error(), `"b.tar.gz"`) {
		t.Errorf("without b: %v", err)
	}
	b.Partial = true
	out, err := b.Render("x", small)
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Spec.Platforms) != 1 || m.Spec.Platforms[0].URI != "http://127.0.0.1:1/dist/a.tar.gz" || m.Spec.Platforms[0].Sha256 != sum {
		t.Errorf("partial: %+v", m)
	}
	b.Checksums = nil
	if _, err := b.Render("x", small); err == nil {
		t.Error("a manifest without any platform passed")
	}
}

func TestUnknownFunction(t *testing.T) {
	if _, err := (Build{Tag: "v1.0.0"}).Render("x", `{{ trimPrefix "v" .TagName }}`); err == nil {
		t.Error("rendered what krew-release-bot would refuse")
	}
	if _, err := (Build{Tag: "v1.0.0"}).Render("x", `{{ addURIAndSha "https://x/{{ .Version }}" .TagName }}`); err == nil {
		t.Error("rendered a value that krew-release-bot does not have")
	}
}

func TestParseChecksums(t *testing.T) {
	sum := strings.Repeat("0", 64)
	if m, err := ParseChecksums(sum + "  a.tar.gz\n" + sum + "  b.zip\n"); err != nil || len(m) != 2 || m["b.zip"] != sum {
		t.Errorf("%v, %v", m, err)
	}
	for _, bad := range []string{"", "nonsense\n", "abc  a.tar.gz\n"} {
		if _, err := ParseChecksums(bad); err == nil {
			t.Errorf("%q passed for checksums", bad)
		}
	}
}
