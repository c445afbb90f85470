package main

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// argv of every daemon. The settings are those that work on an ordinary Linux
// and in a sandboxed virtual machine alike; each unusual one says why.

func url(scheme, host string, port int) string {
	return fmt.Sprintf("%s://%s:%d", scheme, host, port)
}

func (t *testbed) pkiFile(name string) string { return t.path("pki", name) }

func (t *testbed) etcdArgs() []string {
	client, peer := url("http", "127.0.0.1", etcdPort), url("http", "127.0.0.1", etcdPeerPort)
	return []string{t.Bin["etcd"],
		"--name=testbed",
		"--data-dir=" + t.path("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=testbed=" + peer,
		"--unsafe-no-fsync", // nothing here outlives the machine
		"--log-level=warn",
	}
}

func (t *testbed) apiserverArgs() []string {
	return []string{t.Bin["kube-apiserver"],
		"--etcd-servers=" + url("http", "127.0.0.1", etcdPort),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(apiPort),
		"--advertise-address=" + nodeIP,
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceNet,
		"--allow-privileged=true",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--client-ca-file=" + t.pkiFile("ca.crt"),
		"--tls-cert-file=" + t.pkiFile("apiserver.crt"),
		"--tls-private-key-file=" + t.pkiFile("apiserver.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + t.pkiFile("sa.pub"),
		"--service-account-signing-key-file=" + t.pkiFile("sa.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-certificate-authority=" + t.pkiFile("ca.crt"),
		"--kubelet-client-certificate=" + t.pkiFile("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + t.pkiFile("apiserver-kubelet.key"),
		// The aggregator, for metrics-server.
		"--requestheader-client-ca-file=" + t.pkiFile("ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + t.pkiFile("front-proxy.crt"),
		"--proxy-client-key-file=" + t.pkiFile("front-proxy.key"),
		"--enable-aggregator-routing=true", // there is no kube-proxy
		"--audit-policy-file=" + t.path("config", "audit.yaml"),
		"--audit-log-path=" + t.AuditLog,
		"--shutdown-delay-duration=0s",
	}
}

func (t *testbed) managerArgs() []string {
	return []string{t.Bin["kube-controller-manager"],
		"--kubeconfig=" + t.pkiFile("kube-controller-manager.kubeconfig"),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(managerPort),
		"--use-service-account-credentials=true", // else RBAC forbids it everything
		"--service-account-private-key-file=" + t.pkiFile("sa.key"),
		"--root-ca-file=" + t.pkiFile("ca.crt"),
		"--leader-elect=false",
		"--horizontal-pod-autoscaler-sync-period=5s",
		"--flex-volume-plugin-dir=" + t.path("kubelet", "volume-plugins"), // the default is made in /usr
	}
}

func (t *testbed) schedulerArgs() []string {
	return []string{t.Bin["kube-scheduler"],
		"--kubeconfig=" + t.pkiFile("kube-scheduler.kubeconfig"),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(schedulerPort),
		"--leader-elect=false",
	}
}

func (t *testbed) containerdArgs() []string {
	return []string{t.Bin["containerd"], "--config", t.path("config", "containerd.toml")}
}

func (t *testbed) kubeletArgs() []string {
	return []string{t.Bin["kubelet"],
		"--config=" + t.path("config", "kubelet.yaml"),
		"--kubeconfig=" + t.pkiFile("kubelet.kubeconfig"),
		"--root-dir=" + t.path("kubelet"),
		"--cert-dir=" + t.path("kubelet", "pki"),
		"--hostname-override=" + nodeName,
		"--node-ip=" + nodeIP,
	}
}

func (t *testbed) kwokArgs() []string {
	return []string{t.Bin["kwok"],
		"--kubeconfig=" + t.pkiFile("kwok.kubeconfig"),
		"--config=" + t.path("config", "kwok.yaml"),
		"--manage-all-nodes=false",
		"--manage-nodes-with-label-selector=type=kwok",
		"--cidr=10.252.0.0/16",
		"--node-ip=" + nodeIP,
		"--node-port=" + strconv.Itoa(kwokPort),
		fmt.Sprintf("--server-address=%s:%d", nodeIP, kwokPort),
		"--tls-cert-file=" + t.pkiFile("kubelet.crt"), // the API server expects a kubelet there
		"--tls-private-key-file=" + t.pkiFile("kubelet.key"),
	}
}

func (t *testbed) metricsArgs() []string {
	kubeconfig := t.pkiFile("metrics-server.kubeconfig")
	return []string{t.Bin["metrics-server"],
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + nodeIP,
		"--secure-port=" + strconv.Itoa(metricsPort),
		"--tls-cert-file=" + t.pkiFile("metrics-server.crt"),
		"--tls-private-key-file=" + t.pkiFile("metrics-server.key"),
		"--kubelet-insecure-tls",
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-use-node-status-port",
		"--metric-resolution=15s",
		// Fake nodes have no figures and would only fill the log.
		"--node-selector=type!=kwok",
	}
}

// controlPrograms and partPrograms name what hack/programs has to build.
var (
	controlPrograms = []string{
		"etcd/etcd",
		"kubernetes/kube-apiserver", "kubernetes/kube-controller-manager", "kubernetes/kube-scheduler", "kubernetes/kubectl",
	}
	partPrograms = map[string][]string{
		"node":    {"kubernetes/kubelet", "runc/runc", "containerd/containerd", "containerd/containerd-shim-runc-v2", "containerd/ctr", "registry/registry"},
		"kwok":    {"kwok/kwok"},
		"metrics": {"metrics-server/metrics-server"},
	}
)

// checkout is a path below the root of the checkout.
func (t *testbed) checkout(elem ...string) string {
	return filepath.Join(append([]string{t.root}, elem...)...)
}
