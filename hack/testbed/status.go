package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// status prints a line per daemon and the nodes. Its error says what is wrong.
func (t *testbed) status(ctx context.Context) error {
	if len(t.Processes) == 0 {
		return errors.New("not up; hack/testbed/testbed up")
	}
	var wrong []string
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COMPONENT\tPID\tSTATE\tLOG")
	for _, p := range t.Processes {
		condition := "healthy"
		if !p.alive() {
			condition = "dead"
		} else if err := probe(ctx, p.Name); err != nil {
			condition = "unhealthy"
		}
		if condition != "healthy" {
			wrong = append(wrong, p.Name)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", p.Name, p.PID, condition, p.Log)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if nodes, err := t.kubectl(ctx, nil, "get", "nodes"); err == nil {
		fmt.Printf("\n%s", nodes)
	}
	fmt.Printf("\nexport KUBECONFIG=%s\n", t.Kubeconfig)
	if len(wrong) > 0 {
		return fmt.Errorf("not healthy: %s; hack/testbed/testbed up starts them again", strings.Join(wrong, ", "))
	}
	return nil
}

// restart kills one daemon as a crash would and starts it again with the same
// arguments: what a test of a lost connection needs.
func (t *testbed) restart(ctx context.Context, name string) error {
	p := t.process(name)
	if p == nil {
		names := make([]string, len(t.Processes))
		for i, p := range t.Processes {
			names[i] = p.Name
		}
		return fmt.Errorf("no component %q runs; there are: %s", name, strings.Join(names, ", "))
	}
	if err := p.stop(ctx, 0); err != nil {
		return err
	}
	if err := t.ensure(ctx, name, slices.Clone(p.Argv)); err != nil {
		return err
	}
	if err := t.await(ctx, name); err != nil {
		return err
	}
	return t.nodeServes(ctx)
}

// fake runs a number of pods on the fake nodes, adding nodes as needed: a node
// takes 110.
func (t *testbed) fake(ctx context.Context, pods int) error {
	if !t.has("kwok") {
		return errors.New("kwok does not run; testbed up --only kwok")
	}
	began := time.Now()
	t.FakeNodes = max(t.FakeNodes, (pods+109)/110)
	if err := t.settle(ctx); err != nil {
		return err
	}
	objects, err := t.render("fake-pods.yaml", map[string]any{"FakePods": pods})
	if err != nil {
		return err
	}
	if _, err := t.kubectl(ctx, objects, "apply", "--server-side", "--field-manager=testbed", "-f", "-"); err != nil {
		return err
	}
	if _, err := t.kubectl(ctx, nil, "rollout", "status", "--timeout=10m", "-n", "fake", "deployment/fake"); err != nil {
		return err
	}
	say("%d fake pods are Ready after %.1f s", pods, time.Since(began).Seconds())
	return nil
}
