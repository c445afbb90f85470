package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ready waits for the nodes, and for the service account that every pod needs.
func (t *testbed) ready(ctx context.Context, nodes []string) error {
	err := poll(ctx, 30*time.Second, func() error {
		_, err := t.kubectl(ctx, nil, "get", "serviceaccount", "default", "-n", "default", "-o", "name")
		if len(nodes) > 0 {
			_, nodesErr := t.kubectl(ctx, nil, append([]string{"get", "-o", "name"}, nodes...)...)
			err = errors.Join(err, nodesErr)
		}
		return err
	})
	if err != nil || len(nodes) == 0 {
		return err
	}
	_, err = t.kubectl(ctx, nil, append([]string{"wait", "--for=condition=Ready", "--timeout=60s"}, nodes...)...)
	if err != nil {
		return fmt.Errorf("waiting for the nodes: %w (logs are in %q)", err, t.path("logs"))
	}
	return t.nodeServes(ctx)
}

// nodeServes waits until the kubelet knows every pod that the API server says
// is running, and gets them from containerd. A node counts as Ready for 40 s
// after its kubelet died, so the condition alone proves nothing after a crash.
func (t *testbed) nodeServes(ctx context.Context) error {
	if !t.has("node") {
		return nil
	}
	return poll(ctx, 60*time.Second, func() error {
		uids, err := t.kubectl(ctx, nil, "get", "pods", "-A", "-o", "jsonpath={.items[*].metadata.uid}",
			"--field-selector=status.phase=Running,spec.nodeName="+nodeName)
		if err != nil {
			return err
		}
		for _, list := range []string{"pods", "runningpods/"} {
			known, err := t.kubectl(ctx, nil, "get", "--raw", "/api/v1/nodes/"+nodeName+"/proxy/"+list)
			if err != nil {
				return err
			}
			for uid := range strings.FieldsSeq(string(uids)) {
				if !strings.Contains(string(known), uid) {
					return fmt.Errorf("the kubelet's list %q does not have the pod with uid %s yet", list, uid)
				}
			}
		}
		return nil
	})
}
