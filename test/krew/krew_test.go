//go:build krew

package krew

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestInstallAndRun is what a user does: install the plugin for this machine from
// an archive and run it through kubectl.
func TestInstallAndRun(t *testing.T) {
	r := load(t)
	k := newKrew(t)
	for _, plugin := range r.plugins {
		t.Run(plugin, func(t *testing.T) {
			archive := r.archive(t, plugin, runtime.GOOS, runtime.GOARCH)
			k.must(t, "krew", "install", "--manifest="+r.manifest(plugin), "--archive="+archive)
			k.installed(t, plugin, r.tag)

			if out := k.must(t, plugin, "version"); !strings.HasPrefix(out, r.tag+" (commit ") {
				t.Errorf("version printed %q, want it to begin with %q", out, r.tag)
			}
			var version struct{ Version, Commit, Date, GoVersion, Platform string }
			if err := json.Unmarshal([]byte(k.must(t, plugin, "version", "-o", "json")), &version); err != nil {
				t.Fatal(err)
			}
			if version.Version != r.tag || len(version.Commit) != 40 || version.Date == "" || version.Platform != runtime.GOOS+"/"+runtime.GOARCH {
				t.Errorf("version -o json: %+v", version)
			}
			if help := k.must(t, plugin, "--help"); !strings.Contains(help, "kubectl "+plugin) {
				t.Errorf("--help does not name \"kubectl %s\":\n%s", plugin, help)
			}
			if code, out := k.run(t, plugin, "--no-such-flag"); code != 2 || !strings.Contains(out, "hint: see 'kubectl "+plugin+" --help'") {
				t.Errorf("an unknown flag ended with %d: %s", code, out)
			}
		})
	}
	if n := k.apiServer.connections(); n != 0 {
		t.Errorf("version and --help opened %d connections to the API server", n)
	}
	checkPluginList(t, k, r)
}

// checkPluginList wants kubectl to see our plugins without any warning.
func checkPluginList(t *testing.T, k *krew, r *release) {
	t.Helper()
	list := k.must(t, "plugin", "list")
	for _, plugin := range r.plugins {
		if !strings.Contains(list, "/kubectl-"+plugin+"\n") {
			t.Errorf("kubectl plugin list lacks %s:\n%s", plugin, list)
		}
	}
	if strings.Contains(strings.ToLower(list), "warning") {
		t.Errorf("kubectl plugin list warns:\n%s", list)
	}
}

// TestEveryPlatform installs every archive as krew does on that platform, and
// looks whether the program inside is made for it.
func TestEveryPlatform(t *testing.T) {
	r := load(t)
	for _, plugin := range r.plugins {
		for _, p := range r.platforms(t, plugin) {
			t.Run(plugin+"/"+p.os+"/"+p.arch, func(t *testing.T) {
				t.Parallel()
				k := newKrew(t)
				k.env = append(k.env, "KREW_OS="+p.os, "KREW_ARCH="+p.arch)
				k.must(t, "krew", "install", "--manifest="+r.manifest(plugin))
				folder := k.installed(t, plugin, r.tag)
				checkProgram(t, filepath.Join(folder, p.bin), p.os, p.arch)
				if _, err := os.Stat(filepath.Join(folder, "LICENSE")); err != nil {
					t.Errorf("the licence was not installed: %v", err)
				}
			})
		}
	}
}

// TestValidator runs the check that krew's index runs on each manifest that it is
// offered; it installs every platform too.
func TestValidator(t *testing.T) {
	r := load(t)
	for _, plugin := range r.plugins {
		t.Run(plugin, func(t *testing.T) {
			t.Parallel()
			k := newKrew(t)
			cmd := exec.CommandContext(t.Context(), filepath.Join(programs(t).krew, "validate-krew-manifest"), "-manifest", r.manifest(plugin))
			cmd.Env = k.env
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "installed fine") {
				t.Errorf("validate-krew-manifest: %v\n%s", err, out)
			}
		})
	}
}

// TestCustomIndex publishes the manifests in an index of our own, a git repository,
// and installs, lists and uninstalls the plugins from there.
func TestCustomIndex(t *testing.T) {
	r := load(t)
	k := newKrew(t)
	index := r.gitIndex(t)
	k.env = append(k.env, "KREW_DEFAULT_INDEX_URI="+index)
	k.must(t, "krew", "index", "add", "suite", index)
	for _, plugin := range r.plugins {
		if out := k.must(t, "krew", "info", "suite/"+plugin); !strings.Contains(out, "VERSION: "+r.tag) {
			t.Errorf("krew info suite/%s:\n%s", plugin, out)
		}
		k.must(t, "krew", "install", "suite/"+plugin)
		if out := k.must(t, plugin, "version"); !strings.HasPrefix(out, r.tag) {
			t.Errorf("version printed %q", out)
		}
		k.must(t, "krew", "uninstall", plugin)
		if code, out := k.run(t, plugin, "version"); code == 0 {
			t.Errorf("%s still runs after krew uninstall: %s", plugin, out)
		}
	}
}

// TestWrongArchive checks that these tests would notice a bad release: krew refuses
// an archive that is not the manifest's.
func TestWrongArchive(t *testing.T) {
	r := load(t)
	k := newKrew(t)
	archive := filepath.Join(t.TempDir(), "wrong.tar.gz")
	if err := os.WriteFile(archive, []byte("not what was promised"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out := k.run(t, "krew", "install", "--manifest="+r.manifest(r.plugins[0]), "--archive="+archive)
	if code == 0 || !strings.Contains(out, "checksum") {
		t.Errorf("krew installed it (code %d):\n%s", code, out)
	}
}

// TestBars holds the program for this machine to the limits that we promise.
func TestBars(t *testing.T) {
	const maxSize, maxHelp = 60 << 20, 100 * time.Millisecond
	r := load(t)
	k := newKrew(t)
	for _, plugin := range r.plugins {
		k.must(t, "krew", "install", "--manifest="+r.manifest(plugin))
		program := filepath.Join(k.installed(t, plugin, r.tag), "kubectl-"+plugin)
		info, err := os.Stat(program)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxSize {
			t.Errorf("kubectl-%s has %d bytes, more than %d", plugin, info.Size(), maxSize)
		}
		best := time.Hour // the fastest of a few: a busy machine is not the program's fault
		for range 10 {
			began := time.Now()
			if out, err := k.command(t, program, "--help").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			best = min(best, time.Since(began))
		}
		if best > maxHelp {
			t.Errorf("kubectl-%s --help takes %v, more than %v", plugin, best, maxHelp)
		}
		t.Logf("kubectl-%s: %.1f MiB, --help in %v", plugin, float64(info.Size())/(1<<20), best.Round(time.Millisecond))
	}
}
