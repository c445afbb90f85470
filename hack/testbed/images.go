package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Names of the images. Pods use them with imagePullPolicy Never: there is
// nowhere to pull from.
const (
	pauseImage      = "testbed.local/pause:1"
	busyboxImage    = "testbed.local/busybox:1"
	redisImage      = "testbed.local/redis:7"
	memcachedImage  = "testbed.local/memcached:1"
	distrolessImage = "testbed.local/distroless:1"
)

// imagePackages are the Debian packages whose programs go into the images.
var imagePackages = []string{"busybox-static", "redis-server", "redis-tools", "memcached", "docker-registry"}

var containerPath = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

// imageSpec is an image to build.
type imageSpec struct {
	name   string
	files  *rootfs
	config imageConfig
}

func port(p string) map[string]struct{} { return map[string]struct{}{p + "/tcp": {}} }

// images builds every image and imports those that containerd does not have.
func (t *testbed) images(ctx context.Context) error {
	app := t.path("images", "app")
	if _, err := command(ctx, append(os.Environ(), "CGO_ENABLED=0"), nil,
		"go", "build", "-C", filepath.Join(t.root, "hack", "testbed"), "-trimpath", "-ldflags=-s -w", "-o", app, "./app"); err != nil {
		return err
	}
	for _, image := range append([]imageSpec{
		{pauseImage, appFiles(app, "pause"), imageConfig{Entrypoint: []string{"/pause"}}},
		{distrolessImage, appFiles(app, "app"), imageConfig{Entrypoint: []string{"/app"}, Cmd: []string{"sleep"}}},
		{busyboxImage, busyboxFiles(ctx), imageConfig{Env: containerPath, Cmd: []string{"sh"}}},
		{redisImage, serverFiles(ctx, "/usr/bin/redis-server", "/usr/bin/redis-cli"), imageConfig{
			Env: containerPath, Cmd: []string{"redis-server", "--protected-mode", "no"}, WorkingDir: "/data", ExposedPorts: port("6379")}},
		{memcachedImage, serverFiles(ctx, "/usr/bin/memcached"), imageConfig{
			Env: containerPath, Cmd: []string{"memcached", "-u", "nobody"}, ExposedPorts: port("11211")}},
	}, t.registryImages(ctx)...) {
		if err := t.importImage(ctx, image.name, image.files, image.config); err != nil {
			return err
		}
	}
	return t.save()
}

// importImage gives the image to containerd, under the namespace of Kubernetes.
func (t *testbed) importImage(ctx context.Context, name string, files *rootfs, config imageConfig) error {
	image, err := newLayout(name, files, config)
	if err != nil {
		return err
	}
	if t.Images[name] == image.digest {
		return nil
	}
	data, err := image.files.layer()
	if err != nil {
		return err
	}
	path := t.path("images", strings.NewReplacer("/", "_", ":", "_").Replace(name)+".tar")
	if err := writeFile(path, data); err != nil {
		return err
	}
	if _, err := t.ctr(ctx, "images", "import", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	say("imported %s (%d MB)", name, len(data)>>20)
	t.Images[name] = image.digest
	return nil
}

func (t *testbed) ctr(ctx context.Context, args ...string) ([]byte, error) {
	return command(ctx, t.environ(), nil,
		append([]string{t.Bin["ctr"], "--address", containerdSock, "--namespace", "k8s.io"}, args...)...)
}

// forget removes images whose names begin with prefix from the node, so that it has to
// pull them again. Containers go on, and keep the layers that they have until they go.
func (t *testbed) forget(ctx context.Context, prefix string) error {
	if prefix == "" || strings.HasPrefix("testbed.local/", prefix) || strings.HasPrefix(prefix, "testbed.local/") {
		return fmt.Errorf("removing images %q: these are the testbed's own", prefix)
	}
	out, err := t.ctr(ctx, "images", "list")
	if err != nil {
		return err
	}
	// Kubernetes' images have further names, which are digests: REF TYPE DIGEST …
	var all [][]string
	named := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 2 {
			all = append(all, fields)
			named[fields[2]] = named[fields[2]] || strings.HasPrefix(fields[0], prefix)
		}
	}
	args := []string{"images", "remove", "--sync"}
	for _, fields := range all {
		if named[fields[2]] && (strings.HasPrefix(fields[0], prefix) || strings.HasPrefix(fields[0], "sha256:")) {
			args = append(args, fields[0])
		}
	}
	if len(args) == 3 {
		return fmt.Errorf("removing images %q: the node has none", prefix)
	}
	_, err = t.ctr(ctx, args...)
	return err
}

// appFiles has no shell, no libraries and one program.
func appFiles(app, name string) *rootfs {
	r := newRootfs()
	r.copy(app, name)
	return r
}

// busyboxFiles has a link for every applet of the static busybox.
func busyboxFiles(ctx context.Context) *rootfs {
	r := newRootfs()
	addBusybox(ctx, r)
	return r
}

func addBusybox(ctx context.Context, r *rootfs) {
	r.copy("/bin/busybox", "bin/busybox")
	applets, err := command(ctx, nil, nil, "/bin/busybox", "--list")
	if err != nil {
		r.fail(err)
		return
	}
	for applet := range strings.FieldsSeq(string(applets)) {
		if applet != "busybox" {
			r.link("bin/"+applet, "busybox")
		}
	}
}

// serverFiles has Debian programs with the libraries that they load, and
// busybox beside them, because the usual images of servers have a shell too.
func serverFiles(ctx context.Context, programs ...string) *rootfs {
	r := newRootfs()
	addBusybox(ctx, r)
	r.dir("data", 0o777)
	for _, program := range programs {
		r.copy(program, strings.TrimPrefix(program, "/"))
		libraries, err := sharedLibraries(ctx, program)
		if err != nil {
			r.fail(err)
		}
		for _, library := range libraries {
			r.copy(library, strings.TrimPrefix(library, "/"))
		}
	}
	return r
}

// sharedLibraries asks ldd: "libm.so.6 => /lib/…/libm.so.6 (0x…)", and for
// the loader itself "/lib64/ld-linux-x86-64.so.2 (0x…)".
func sharedLibraries(ctx context.Context, program string) ([]string, error) {
	out, err := command(ctx, nil, nil, "ldd", program)
	if err != nil {
		return nil, err
	}
	var paths []string
	for line := range bytes.Lines(out) {
		text := string(line)
		if strings.Contains(text, "not found") {
			return nil, fmt.Errorf("ldd %q: %s", program, strings.TrimSpace(text))
		}
		for field := range strings.FieldsSeq(text) {
			if strings.HasPrefix(field, "/") {
				paths = append(paths, field)
			}
		}
	}
	return paths, nil
}
