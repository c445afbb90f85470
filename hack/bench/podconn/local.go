//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

const serveCommand = "serve-kubetest"

// localServer is a redis-server and a kubetest in front of it, each a process.
type localServer struct {
	kubeconfig string
	stops      []func()
}

func (l *localServer) stop() {
	for _, s := range l.stops {
		s()
	}
}

func startLocal(ctx context.Context) (*localServer, error) {
	dir, err := os.MkdirTemp("", "bench-podconn-")
	if err != nil {
		return nil, err
	}
	l := &localServer{kubeconfig: filepath.Join(dir, "kubeconfig")}
	l.stops = append(l.stops, func() { os.RemoveAll(dir) })
	addr, err := l.startRedis(ctx, dir)
	if err != nil {
		l.stop()
		return nil, err
	}
	if err := l.startKubetest(ctx, addr); err != nil {
		l.stop()
		return nil, err
	}
	return l, nil
}

func (l *localServer) startRedis(ctx context.Context, dir string) (addr string, err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", errors.New("redis-server is missing: install the Debian package redis-server")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr = free.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	free.Close()
	cmd := exec.CommandContext(ctx, path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir,
		"--client-output-buffer-limit", "normal 0 0 0")
	if err := cmd.Start(); err != nil {
		return "", err
	}
	l.stops = append(l.stops, func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			return addr, c.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "", errors.New("redis-server does not answer")
}

func (l *localServer) startKubetest(ctx context.Context, redis string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, serveCommand, redis, l.kubeconfig)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	l.stops = append([]func(){func() { in.Close(); cmd.Wait() }}, l.stops...)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return fmt.Errorf("starting kubetest: %w", err)
	}
	return nil
}

// serve is the child process: it ends when its stdin does.
func serve(redis, kubeconfig string) error {
	s, err := kubetest.New(kubetest.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	s.Put(kubetest.Pod("default", "redis-0"))
	s.Forward("default/redis-0", 6379, redis)
	if err := s.Kubeconfig(kubeconfig); err != nil {
		return err
	}
	fmt.Println()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// withCore is cfg for the core API group.
func withCore(cfg *rest.Config) *rest.Config {
	c := rest.CopyConfig(cfg)
	c.GroupVersion, c.APIPath, c.NegotiatedSerializer = &corev1.SchemeGroupVersion, "/api", scheme.Codecs.WithoutConversion()
	return c
}
