//go:build krew

package krew

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/hack/krewmanifest"
)

// release is the content of dist/ with manifests that point to a server here.
type release struct {
	tag, dist, manifests string
	plugins              []string
}

// load renders the manifests of what was built and serves the archives until the
// test ends.
func load(t *testing.T) *release {
	t.Helper()
	dist := os.Getenv("KREW_TEST_DIST")
	if dist == "" {
		dist = "../../dist"
	}
	text, err := os.ReadFile(filepath.Join(dist, "checksums.txt"))
	if err != nil {
		t.Fatalf("reading checksums (hack/krew-test makes them): %v", err)
	}
	sums, err := krewmanifest.ParseChecksums(string(text))
	if err != nil {
		t.Fatal(err)
	}
	tag, err := krewmanifest.Tag(sums)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dist)))
	t.Cleanup(server.Close)
	r := &release{tag: tag, dist: dist, manifests: t.TempDir()}
	r.render(t, krewmanifest.Build{Tag: tag, Checksums: sums, Base: server.URL, Partial: true})
	return r
}

func (r *release) render(t *testing.T, build krewmanifest.Build) {
	t.Helper()
	templates, err := filepath.Glob("../../krew-manifests/*.yaml")
	if err != nil || len(templates) == 0 {
		t.Fatalf("finding the templates: %d, %v", len(templates), err)
	}
	for _, name := range templates {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		plugin := strings.TrimSuffix(filepath.Base(name), ".yaml")
		out, err := build.Render(plugin, string(text))
		if err != nil {
			t.Fatal(err)
		}
		r.plugins = append(r.plugins, plugin)
		if err := os.WriteFile(r.manifest(plugin), out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *release) manifest(plugin string) string {
	return filepath.Join(r.manifests, plugin+".yaml")
}

// platform is one entry of a manifest.
type platform struct{ os, arch, bin, archive string }

func (r *release) platforms(t *testing.T, plugin string) []platform {
	t.Helper()
	text, err := os.ReadFile(r.manifest(plugin))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Spec struct {
			Platforms []struct {
				URI, Bin string
				Selector struct{ MatchLabels struct{ OS, Arch string } }
			}
		}
	}
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	var all []platform
	for _, p := range m.Spec.Platforms {
		all = append(all, platform{p.Selector.MatchLabels.OS, p.Selector.MatchLabels.Arch, p.Bin, path.Base(p.URI)})
	}
	return all
}

func (r *release) archive(t *testing.T, plugin, goos, goarch string) string {
	t.Helper()
	for _, p := range r.platforms(t, plugin) {
		if p.os == goos && p.arch == goarch {
			return filepath.Join(r.dist, p.archive)
		}
	}
	t.Fatalf("no archive of %s for %s/%s in %q", plugin, goos, goarch, r.dist)
	return ""
}

// gitIndex makes a plugin index of the manifests and returns its address.
func (r *release) gitIndex(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "plugins"), os.DirFS(r.manifests)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "-q"},
		{"add", "."},
		{"-c", "user.name=test", "-c", "user.email=test@example.test", "commit", "-q", "-m", "Add plugins"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s (Debian package git): %v\n%s", args[0], err, out)
		}
	}
	return "file://" + dir
}

// checkProgram reads the header of an executable and compares it with a platform.
func checkProgram(t *testing.T, name, goos, goarch string) {
	t.Helper()
	is := func(amd64, arm64 bool) {
		t.Helper()
		if goarch == "amd64" && !amd64 || goarch == "arm64" && !arm64 {
			t.Errorf("%s is not for %s", name, goarch)
		}
	}
	switch goos {
	case "linux":
		f, err := elf.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		is(f.Machine == elf.EM_X86_64, f.Machine == elf.EM_AARCH64)
		if f.Section(".interp") != nil {
			t.Errorf("%s is not static", name)
		}
	case "darwin":
		f, err := macho.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		is(f.Cpu == macho.CpuAmd64, f.Cpu == macho.CpuArm64)
	case "windows":
		f, err := pe.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		is(f.Machine == pe.IMAGE_FILE_MACHINE_AMD64, f.Machine == pe.IMAGE_FILE_MACHINE_ARM64)
	default:
		t.Fatalf("unknown platform %q", goos)
	}
}
