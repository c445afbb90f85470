package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// kwokFiles joins our configuration with the stages that the module of kwok
// carries: they say how a fake pod becomes Ready.
func (t *testbed) kwokFiles(ctx context.Context) error {
	out, err := t.output(ctx, "go", "list", "-C", t.checkout("hack", "programs", "kwok"), "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok")
	if err != nil {
		return err
	}
	text, err := t.render("kwok.yaml", nil)
	if err != nil {
		return err
	}
	for _, pattern := range []string{"pod/fast/*.yaml", "node/fast/*.yaml", "node/heartbeat-with-lease/*.yaml"} {
		stages, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "kustomize", "stage", pattern))
		if err != nil {
			return err
		}
		if len(stages) < 2 { // a kustomization and at least one stage
			return fmt.Errorf("finding the stages %q of kwok: no such files", pattern)
		}
		for _, stage := range stages {
			data, err := os.ReadFile(stage)
			if err != nil {
				return err
			}
			if filepath.Base(stage) != "kustomization.yaml" {
				text = append(append(text, "---\n"...), data...)
			}
		}
	}
	return writeFile(t.path("config", "kwok.yaml"), text)
}
