package disk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
)

func TestReadConfig(t *testing.T) {
	for _, version := range disktest.Versions {
		s := disktest.Start(t, disktest.Settings{Version: version, Storage: "maintenance: {readonly: {enabled: false}}\n",
			Env: []string{"REGISTRY_HTTP_SECRET=hidden", "REGISTRY_STORAGE_DELETE_ENABLED=false", "REGISTRY_STORAGE_MAINTENANCE={readonly: {enabled: true}}"}})
		for name, run := range runners(t) {
			t.Run(version+" "+name, func(t *testing.T) {
				c, err := disk.ReadConfig(t.Context(), disktest.OnlyProcess{Runner: run, PID: s.PID()}, "")
				if err != nil {
					t.Fatal(err)
				}
				want := disk.Config{
					PID: s.PID(), Binary: s.Binary, Path: s.Config, Driver: "filesystem", Root: s.Root, Maintenance: true,
					ReadOnly: true, Cache: "inmemory", Addr: strings.TrimPrefix(s.URL, "http://"),
				}
				if *c != want {
					t.Errorf("%+v\nwant %+v", *c, want)
				}
				if text := fmt.Sprintf("%+v", c); strings.Contains(text, "hidden") || strings.Contains(text, "not-for-output") {
					t.Errorf("a secret is in %s", text)
				}
			})
		}
	}
}
