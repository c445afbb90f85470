package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed manifests
var manifests embed.FS

// up brings the cluster to the state asked for and waits until it works. What
// runs already stays untouched; what died is started again; after a crash of
// the whole machine the remains are removed first.
func (t *testbed) up(ctx context.Context, parts []string, fakeNodes int) error {
	began := time.Now()
	if err := t.programs(ctx, parts); err != nil {
		return err
	}
	if !slices.ContainsFunc(t.Processes, (*process).alive) {
		if err := t.down(ctx); err != nil {
			return fmt.Errorf("removing what an earlier run left: %w", err)
		}
	}
	if slices.Contains(parts, "node") {
		if err := t.refuseSecondKubelet(); err != nil {
			return err
		}
	}
	t.Parts = slices.Compact(slices.Sorted(slices.Values(append(t.Parts, parts...))))
	t.FakeNodes = max(t.FakeNodes, fakeNodes)
	for _, step := range []func(context.Context) error{
		t.files, t.network, t.storage, t.control, t.nodes, t.settle,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	say("up after %.1f s: %s", time.Since(began).Seconds(), strings.Join(append([]string{"control plane"}, t.Parts...), ", "))
	fmt.Printf("export KUBECONFIG=%s\n", t.Kubeconfig)
	return nil
}

func (t *testbed) has(part string) bool { return slices.Contains(t.Parts, part) }

// programs has everything built that the parts need and notes where it is.
func (t *testbed) programs(ctx context.Context, parts []string) error {
	wanted := slices.Clone(controlPrograms)
	packages := []string{"iproute2"}
	for _, part := range parts {
		wanted = append(wanted, partPrograms[part]...)
		if part == "node" {
			packages = append(append(packages, "containernetworking-plugins"), imagePackages...)
		}
	}
	if _, err := t.output(ctx, append([]string{t.checkout("hack", "need")}, packages...)...); err != nil {
		return err
	}
	out, err := t.output(ctx, append([]string{t.checkout("hack", "programs", "build")}, wanted...)...)
	if err != nil {
		return err
	}
	for path := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		t.Bin[filepath.Base(path)] = path
	}
	return nil
}

// output runs a helper of the checkout and lets it talk to the user.
func (t *testbed) output(ctx context.Context, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running %q: %w", argv, err)
	}
	return out, nil
}

// files writes keys and configuration.
func (t *testbed) files(context.Context) error {
	if err := t.pki(); err != nil {
		return err
	}
	if err := t.cniConfig(); err != nil {
		return err
	}
	for _, name := range []string{"audit.yaml", "containerd.toml", "kubelet.yaml"} {
		text, err := t.render(name, nil)
		if err != nil {
			return err
		}
		if err := writeFile(t.path("config", name), text); err != nil {
			return err
		}
	}
	return os.MkdirAll(runDir, 0o711)
}

// render fills a template of the manifests folder.
func (t *testbed) render(name string, extra map[string]any) ([]byte, error) {
	text, err := manifests.ReadFile("manifests/" + name)
	if err != nil {
		return nil, err
	}
	parsed, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	values := map[string]any{
		"Dir": t.Dir, "RunDir": runDir, "ContainerdSock": containerdSock,
		"NodeIP": nodeIP, "KubeletPort": kubeletPort, "KubeletHealth": kubeletHealth, "MetricsPort": metricsPort,
		"PauseImage": pauseImage, "Runc": t.Bin["runc"], "Shim": t.Bin["containerd-shim-runc-v2"],
	}
	for key, value := range extra {
		values[key] = value
	}
	var buf bytes.Buffer
	err = parsed.Execute(&buf, values)
	return buf.Bytes(), err
}

// storage starts what depends on nothing: etcd and containerd.
func (t *testbed) storage(ctx context.Context) error {
	if err := t.ensure(ctx, "etcd", t.etcdArgs()); err != nil {
		return err
	}
	if t.has("node") {
		if err := t.ensure(ctx, "containerd", t.containerdArgs()); err != nil {
			return err
		}
	}
	return t.await(ctx, "etcd")
}

// control starts the API server and imports images while it comes up.
func (t *testbed) control(ctx context.Context) error {
	if err := t.ensure(ctx, "kube-apiserver", t.apiserverArgs()); err != nil {
		return err
	}
	if t.has("node") {
		if err := t.await(ctx, "containerd"); err != nil {
			return err
		}
		if err := t.images(ctx); err != nil {
			return err
		}
	}
	return t.await(ctx, "kube-apiserver")
}

// nodes starts everything that is a client of the API server.
func (t *testbed) nodes(ctx context.Context) error {
	daemons := map[string]func() []string{
		"kube-controller-manager": t.managerArgs,
		"kube-scheduler":          t.schedulerArgs,
	}
	if t.has("node") {
		daemons["kubelet"] = t.kubeletArgs
	}
	if t.has("kwok") {
		if err := t.kwokFiles(ctx); err != nil {
			return err
		}
		daemons["kwok"] = t.kwokArgs
	}
	if t.has("metrics") {
		daemons["metrics-server"] = t.metricsArgs
	}
	names := make([]string, 0, len(daemons))
	for name, argv := range daemons {
		if err := t.ensure(ctx, name, argv()); err != nil {
			return err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := t.await(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// settle creates what the cluster has from the start and waits for it.
func (t *testbed) settle(ctx context.Context) error {
	var objects []byte
	add := func(name string, extra map[string]any) error {
		text, err := t.render(name, extra)
		objects = append(append(objects, "\n---\n"...), text...)
		return err
	}
	wait := []string{}
	if t.has("node") {
		wait = append(wait, "node/"+nodeName)
	}
	if t.has("kwok") {
		names := make([]string, t.FakeNodes)
		for i := range names {
			names[i] = fmt.Sprintf("fake-node-%d", i)
			wait = append(wait, "node/"+names[i])
		}
		if err := add("fake-nodes.yaml", map[string]any{"FakeNodes": names}); err != nil {
			return err
		}
	}
	if t.has("metrics") {
		if err := add("metrics-server.yaml", nil); err != nil {
			return err
		}
	}
	if len(objects) > 0 {
		if _, err := t.kubectl(ctx, objects, "apply", "--server-side", "--field-manager=testbed", "-f", "-"); err != nil {
			return err
		}
	}
	if err := t.save(); err != nil {
		return err
	}
	return t.ready(ctx, wait)
}
