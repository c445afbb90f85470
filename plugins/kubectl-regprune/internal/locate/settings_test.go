package locate

import (
	"strings"
	"testing"
)

// TestEnvironmentOverrulesTheFile as the server itself has it.
func TestEnvironmentOverrulesTheFile(t *testing.T) {
	const file = "storage: {filesystem: {rootdirectory: /data}, delete: {enabled: true}, cache: {blobdescriptor: redis}}\nhttp: {addr: ':5000'}"
	for _, tc := range []struct {
		name, env, hidden string
		open              bool
		is                func(Settings) bool
	}{
		{name: "file alone", is: func(s Settings) bool {
			return s.Driver == "filesystem" && s.RootDirectory == "/data" && s.Delete == Yes && s.Cache == "redis" && s.Port == 5000
		}},
		{name: "no", env: "REGISTRY_STORAGE_DELETE_ENABLED=false", is: func(s Settings) bool { return s.Delete == No }},
		{name: "YAML 1.1", env: "REGISTRY_STORAGE_DELETE_ENABLED=off", is: func(s Settings) bool { return s.Delete == No }},
		{name: "whole map", env: "REGISTRY_STORAGE={s3: {bucket: x}}", is: func(s Settings) bool {
			return s.Driver == "s3" && s.Delete == No && s.Cache == "none" && s.RootDirectory == ""
		}},
		{name: "name of a driver", env: "REGISTRY_STORAGE=gcs REGISTRY_STORAGE_GCS_BUCKET=x REGISTRY_STORAGE_DELETE_ENABLED=true",
			is: func(s Settings) bool { return s.Driver == "gcs" && s.Delete == Yes }},
		{name: "two drivers", env: "REGISTRY_STORAGE_S3_BUCKET=x", is: func(s Settings) bool { return s.Driver == "" && strings.Contains(s.Conflict, "filesystem, s3") }},
		{name: "hidden", hidden: "REGISTRY_STORAGE_DELETE_ENABLED REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY",
			is: func(s Settings) bool {
				return s.Delete == Unknown && s.Cache == "unknown" && s.RootDirectory == notRead
			}},
		{name: "open", open: true, is: func(s Settings) bool { return s.TLS == Unknown && s.ReadOnly == Unknown && s.Delete == Yes }},
		{name: "read-only by a whole map", env: "REGISTRY_STORAGE_MAINTENANCE={readonly:·{enabled:·true}}", is: func(s Settings) bool { return s.ReadOnly == Yes && s.ReadOnlyBlock == No }},
		{name: "cache", env: "REGISTRY_PROXY_REMOTEURL=https://me:pw@up.example.test/?t=1", is: func(s Settings) bool { return s.ProxyURL == "https://up.example.test/" }},
	} {
		doc, err := parseConfig([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		e := environment{values: map[string]string{}, hidden: map[string]string{}, open: tc.open}
		for _, pair := range strings.Split(tc.env, " REG") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				if !strings.HasPrefix(name, "REG") {
					name = "REG" + name
				}
				e.values[name] = strings.ReplaceAll(value, "·", " ")
			}
		}
		for _, name := range strings.Fields(tc.hidden) {
			e.hidden[name] = "secret x"
		}
		if s := settings(doc, e); !tc.is(s) {
			t.Errorf("%s: %+v", tc.name, s)
		}
	}
	if _, err := parseConfig([]byte("password: [of-the-test")); err == nil || strings.Contains(err.Error(), "of-the-test") {
		t.Errorf("broken file: %v", err)
	}
}

// TestRefine takes what was read in the container for what only seemed so.
func TestRefine(t *testing.T) {
	_, client := world(t, "statefulset")
	c, err := Find(t.Context(), client, everywhere())
	if err != nil || c.Storage.Kind != UnknownStorage {
		t.Fatalf("%v, %v", c, err)
	}
	if err := c.Refine([]byte("storage: {filesystem: {rootdirectory: /data/x}, delete: {enabled: true}}")); err != nil {
		t.Fatal(err)
	}
	if c.Storage.Kind != PVC || c.Settings.Delete != Yes || c.Settings.Source == "" {
		t.Errorf("%+v %+v", c.Storage, c.Settings)
	}
	if err := c.Refine([]byte("\t")); err == nil || c.Settings.Delete != Yes {
		t.Errorf("%v, %+v", err, c.Settings)
	}
	_, client = world(t, "microk8s")
	if c, err = Find(t.Context(), client, everywhere()); err != nil {
		t.Fatal(err)
	}
	if err := c.Refine([]byte("storage: {filesystem: {rootdirectory: /var/lib/registry}}")); err != nil || c.Storage.Kind != PVCRWX || c.Settings.Delete != Yes {
		t.Errorf("%v, %+v %+v", err, c.Storage, c.Settings)
	}
}

func TestVersionsOfImages(t *testing.T) {
	for ref, want := range map[string]string{
		"registry:2.8.3": "2.8.3", "docker.io/library/registry:3": "3", "registry:latest": "", "registry": "", "r:5000/registry": "",
		"r:5000/x/registry:3.0.0-rc.1@sha256:00": "3.0.0", "distribution/distribution:v3.1.1": "3.1.1", "corp/store:2.8.3": "", "registry:1.27": "", "registry:20": "",
	} {
		if got := splitImage(ref).version(); got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
}
