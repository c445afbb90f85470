package locate

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// TestServersAgree: what the settings say of deletion is what a real server does with
// the same file and environment.
func TestServersAgree(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		for _, tc := range []struct {
			file bool // deletion is enabled by the file
			env  []string
		}{
			{true, nil}, {false, nil},
			{true, []string{"REGISTRY_STORAGE_DELETE_ENABLED=false"}},
			{true, []string{"REGISTRY_STORAGE_DELETE_ENABLED=off"}},
			{true, []string{"REGISTRY_STORAGE_DELETE_ENABLED="}},
			{false, []string{"REGISTRY_STORAGE_DELETE_ENABLED=yes"}},
			{false, []string{"REGISTRY_STORAGE_DELETE={enabled: true}"}},
			{true, []string{"REGISTRY_STORAGE_MAINTENANCE={readonly: {enabled: true}}"}},
			{true, []string{"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true"}}, // ignored
			{false, []string{"REGISTRY_STORAGE=filesystem", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=" + t.TempDir(), "REGISTRY_STORAGE_DELETE_ENABLED=true"}},
			{true, []string{"REGISTRY_STORAGE={filesystem: {rootdirectory: " + t.TempDir() + "}}"}},
		} {
			s := registrytest.Start(t, v, registrytest.Options{NoDelete: !tc.file, Env: tc.env})
			text, err := os.ReadFile(s.Config)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := parseConfig(text)
			if err != nil {
				t.Fatal(err)
			}
			env := environment{values: map[string]string{}}
			for _, pair := range tc.env {
				name, value, _ := strings.Cut(pair, "=")
				env.values[name] = value
			}
			set := settings(doc, env)
			got, err := s.Client().Deletion(t.Context(), "some/repo")
			if err != nil {
				t.Fatal(err)
			}
			enabled := set.Delete == Yes && set.ReadOnly == No
			if enabled != (got.Ability == registry.Enabled) {
				t.Errorf("file %t, %q: delete %s, read-only %s, but the server says %s (%s)", tc.file, tc.env, set.Delete, set.ReadOnly, got.Ability, got.Evidence)
			}
			if id, err := Identify(t.Context(), getter{s.URL}); err != nil || id.Product != Distribution || len(id.Unsure) != 0 {
				t.Errorf("%+v, %v", id, err)
			}
			s.Stop()
		}
	})
}
