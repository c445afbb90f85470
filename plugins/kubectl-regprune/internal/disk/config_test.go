package disk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
)

func TestReadConfig(t *testing.T) {
	for _, v := range registrytest.Versions {
		s := registrytest.Start(t, v, registrytest.Options{
			Env: []string{"REGISTRY_HTTP_SECRET=hidden", "REGISTRY_STORAGE_DELETE_ENABLED=false", "REGISTRY_STORAGE_MAINTENANCE={readonly: {enabled: true}}"}})
		for name, run := range runners(t) {
			t.Run(string(v)+" "+name, func(t *testing.T) {
				c, err := disk.ReadConfig(t.Context(), disktest.OnlyProcess{Runner: run, PID: s.PID()}, "")
				if err != nil {
					t.Fatal(err)
				}
				want := disk.Config{
					PID: s.PID(), Binary: registrytest.Program(t, v), Path: s.Config, Driver: "filesystem", Root: s.Root, Maintenance: true,
					ReadOnly: true, Cache: "inmemory", Addr: s.Addr,
				}
				if *c != want {
					t.Errorf("%+v\nwant %+v", *c, want)
				}
				if text := fmt.Sprintf("%+v", c); strings.Contains(text, "hidden") || strings.Contains(text, "not-a-secret") {
					t.Errorf("a secret is in %s", text)
				}
			})
		}
	}
}
