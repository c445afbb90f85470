package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// registry is Debian's docker-registry with the images of an imaginary shop. It is
// "in" a pod: commands there see its process and its files.
type registry struct {
	addr string // 127.0.0.1:PORT
	cmd  *exec.Cmd
	log  strings.Builder
}

const registryConfig = `version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %q}
  delete: {enabled: true}
http: {addr: %q}
`

// runRegistry fills a folder, and starts a server on it. The server ends with close.
func runRegistry(ctx context.Context, dir string) (*registry, error) {
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		return nil, errors.New("docker-registry not found: install the Debian package docker-registry")
	}
	root, config := filepath.Join(dir, "registry"), filepath.Join(dir, "registry.yml")
	if err := stock(root); err != nil {
		return nil, fmt.Errorf("filling the registry: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("looking for a free port: %w", err)
	}
	r := &registry{addr: listener.Addr().String()}
	listener.Close()
	if err := os.WriteFile(config, fmt.Appendf(nil, registryConfig, root, r.addr), 0o600); err != nil {
		return nil, fmt.Errorf("writing the registry's configuration: %w", err)
	}
	r.cmd = exec.Command(program, "serve", config)
	r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = []string{"PATH=" + os.Getenv("PATH")}, &r.log, &r.log
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the registry: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		if _, err = r.tags(ctx, "shop/api"); err == nil {
			return r, nil
		}
		if pause.For(ctx, 20*time.Millisecond) != nil {
			r.close()
			return nil, fmt.Errorf("waiting for the registry: %w\n%s", err, r.log.String())
		}
	}
}

func (r *registry) close() {
	_ = r.cmd.Process.Kill() // it may have ended
	_ = r.cmd.Wait()         // by the signal
}

const builds = 15 // of shop/api

// stock writes what the registry has: builds of one image, the newest being latest,
// too, and one for two platforms with its signature. All of it is long ago.
func stock(root string) error {
	base := registrytest.Layer("a layer that all share", 300<<10)
	image := func(about, platform string) registrytest.Image {
		return registrytest.Image{Layers: [][]byte{base, registrytest.Layer(about+platform, 40<<10)}, Platform: platform}
	}
	for build := 940; build < 940+builds; build++ {
		tags := []string{strconv.Itoa(build)}
		if build == 940+builds-1 {
			tags = append(tags, "latest")
		}
		if err := registrytest.Write(root, "shop/api", image(tags[0], "linux/amd64"), tags...); err != nil {
			return err
		}
	}
	both := registrytest.Index{Manifests: []registrytest.Builder{image("both", "linux/amd64"), image("both", "linux/arm64")}}.Build()
	err1 := registrytest.Write(root, "shop/web", both, "951")
	err2 := registrytest.Write(root, "shop/web", registrytest.Signature(both), registrytest.AttachedTag(both, "sig"))
	past := time.Now().AddDate(0, 0, -40)
	return errors.Join(err1, err2, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, past, past))
	}))
}

// tags are the tags of a repository, in order.
func (r *registry) tags(ctx context.Context, repository string) ([]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.addr+"/v2/"+repository+"/tags/list", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list struct{ Tags []string }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("reading the tags of %q: %w", repository, err)
	}
	return slices.Sorted(slices.Values(list.Tags)), nil
}

// exec runs a command beside the server: of all processes it sees that one alone.
func (r *registry) exec(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	argv = slices.Clone(argv)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "/proc/[0-9]*", "/proc/"+strconv.Itoa(r.cmd.Process.Pid))
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = r.cmd.Env, stdin, stdout, stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}
