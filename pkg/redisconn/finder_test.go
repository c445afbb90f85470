package redisconn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// finder reaches servers by "POD:PORT"; every other port refuses.
func finder(t *testing.T, servers map[string]*redistest.Server) *Finder {
	return &Finder{
		Client:   fake.NewClientset(),
		Endpoint: func() *Endpoint { return &Endpoint{} },
		Dialer: func(pod string, port int) DialFunc {
			if s := servers[fmt.Sprintf("%s:%d", pod, port)]; s != nil {
				return s.Dial
			}
			if pod == "web" {
				return answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
			}
			return (&redistest.Server{Addr: "127.0.0.1:1"}).Dial
		},
	}
}

func candidate(name string, ports ...int) Candidate {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}}}
	return Candidate{Pod: pod, Container: &pod.Spec.Containers[0], Ports: ports}
}

// TestAskingDecides: a Sentinel, a web server and a dead port are no servers,
// whatever they are called; one that is locked is.
func TestAskingDecides(t *testing.T) {
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(config, []byte("sentinel monitor m 127.0.0.1 1 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := finder(t, map[string]*redistest.Server{
		"open:6379":   redistest.Start(t),
		"locked:7000": redistest.Start(t, "--requirepass", "x"),
		"guard:26379": redistest.StartSentinel(t, config),
	})
	found := f.Ask(context.Background(), []Candidate{
		candidate("open", 6379), candidate("locked", 6379, 7000), candidate("guard", 26379), candidate("web", 80), candidate("dead", 6379), candidate("open", 6379),
	})
	var names []string
	for _, i := range found.Instances {
		names = append(names, i.Name())
	}
	if strings.Join(names, " ") != "open:6379 locked:7000" {
		t.Fatalf("found %q", names)
	}
	if i := found.Instances[0]; i.Err != nil || i.Server.Mode != "standalone" {
		t.Errorf("open: %+v", i)
	}
	if i := found.Instances[1]; !errors.Is(i.Err, ErrNoPassword) || i.Server != nil {
		t.Errorf("locked: %+v", i)
	}
	want := map[string]error{"guard": ErrSentinel, "web": ErrNotRedis, "dead": nil}
	for _, s := range found.Skipped {
		if err, ok := want[s.Pod]; !ok || err != nil && !errors.Is(s.Err, err) || s.Err == nil {
			t.Errorf("skipped %s: %v", s.Pod, s.Err)
		}
		delete(want, s.Pod)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v", want)
	}
}

func TestNamedNeedsNoEvidence(t *testing.T) {
	pod := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}, Spec: corev1.PodSpec{Containers: []corev1.Container{
		{Name: "app", Image: "corp/app", Ports: []corev1.ContainerPort{{ContainerPort: 80}}}, {Name: "cache", Image: "redis"}}}}
	for _, c := range []struct {
		container string
		port      int
		want      string
	}{
		{"", 0, "[cache [6379]]"}, {"app", 0, "[app [80]]"}, {"", 7000, "[cache [7000]]"}, {"none", 0, "[]"},
	} {
		var got []string
		found, skipped := Named(pod, c.container, c.port)
		for _, x := range found {
			got = append(got, fmt.Sprint(x.Container.Name, " ", x.Ports))
		}
		if fmt.Sprint(got) != c.want || len(skipped) != 0 {
			t.Errorf("%q %d: %v, want %s", c.container, c.port, got, c.want)
		}
	}
}
