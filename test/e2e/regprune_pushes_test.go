//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// pushesMeanwhile pushes all the time while garbage is collected. Nobody can push when
// it matters, and whatever was accepted is whole afterwards.
func pushesMeanwhile(t *testing.T, c *Cluster, spec depotSpec) {
	d := c.depot(t, spec)
	d.push(t, "app", image("kept"), "kept")
	settings := d.settings(t)
	d.garbage(t, "gone")

	accepted, refused := map[string]*registrytest.Content{}, 0
	stop := make(chan struct{})
	var pusher sync.WaitGroup
	pusher.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			// What was swept comes again and again: it must not be taken for being there.
			content := registrytest.Image{Layers: append(image("gone").Layers, registrytest.Layer(fmt.Sprint("push ", i), 1000))}.Build()
			switch err := d.tryPush(d.Name+"/app", content, fmt.Sprint("push-", i)); {
			case err == nil:
				accepted[fmt.Sprint("push-", i)] = content
			case errors.Is(err, errRefused):
				refused++
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	time.Sleep(500 * time.Millisecond)
	r := d.regprune(t, "gc", "--yes")
	time.Sleep(500 * time.Millisecond)
	close(stop)
	pusher.Wait()
	if r.Code != 0 {
		t.Fatalf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	t.Logf("%d pushes accepted, %d refused", len(accepted), refused)
	if len(accepted) == 0 { // none may be refused: the registry is read-only for two seconds, and away before and after
		t.Error("no push was accepted")
	}
	verified := d.regprune(t, "verify")
	for tag, content := range accepted {
		if err := d.pull("app", tag, content); err != nil || strings.Contains(verified.Stdout, "app:"+tag+" ") {
			t.Errorf("an accepted push, %s, is broken: %v\n%s", tag, err, verified.Stdout)
		}
	}
	// A server that ends in the middle of a push, which is then refused, leaves a tag
	// that leads nowhere: it is the only one that may be named.
	if only := strings.Count(verified.Stdout, "broken before"); verified.Code != 0 && (verified.Code != 4 || only != 1 || !strings.Contains(verified.Stdout, "Result     1 image could not be pulled before")) {
		t.Errorf("exit code %d\n%s%s", verified.Code, verified.Stdout, verified.Stderr)
	}
	if now := d.settings(t); now != settings {
		t.Errorf("the workload is\n%s\nand was\n%s", now, settings)
	}
}
