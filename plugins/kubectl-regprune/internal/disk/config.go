package disk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Config is how a server was started and what decides its storage. It holds no secret.
type Config struct {
	PID    int
	Binary string // the program's file in the container
	Path   string // the configuration's file in the container

	Driver      string // of the storage: filesystem, s3, …; "" if none is named
	Root        string // of the filesystem driver
	Delete      bool   // deletion through the API is on
	ReadOnly    bool   // maintenance has it read only
	Maintenance bool   // the file has a block maintenance.readonly, on which the form of the switch depends
	Cache       string // of blob descriptors: inmemory, redis, or ""
	Proxy       bool   // a pull-through cache, which deletes nothing on request
	Addr        string // that it listens on

	// Same says that a command run in the container has the server's settings. If it
	// is false, a garbage collection started there could work on other storage.
	Same bool
}

// ReadConfig reads the configuration of the server that runs in a container: path is
// its file, or "" for the one that the server's command names. Settings of the
// environment override the file, as the server has it.
func ReadConfig(ctx context.Context, run Runner, path string) (*Config, error) {
	p, err := readProcess(ctx, run, path)
	if err != nil {
		return nil, err
	}
	if p.path == "" {
		return nil, hint.With(errors.New("reading the registry's configuration: the server's command names no file"), "name the file")
	}
	return p.read()
}

func (p *process) read() (*Config, error) {
	settings := map[string]any{}
	if err := yaml.Unmarshal(p.config, &settings); err != nil {
		// The parser's words can quote a secret.
		return nil, fmt.Errorf("reading the registry's configuration %q: it is not YAML", p.path)
	}
	c := &Config{PID: p.pid, Binary: p.program(), Path: p.path, Same: p.same == "yes"}
	_, c.Maintenance = at(settings, "storage", "maintenance", "readonly").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(p.env)) {
		override(settings, name, p.env[name])
	}
	c.storage(settings)
	c.Proxy = text(at(settings, "proxy", "remoteurl")) != "" || p.env["REGISTRY_PROXY"] != "" || has(p.env, "REGISTRY_PROXY_REMOTEURL")
	c.Addr = text(at(settings, "http", "addr"))
	return c, nil
}

func has(env map[string]string, name string) bool {
	_, ok := env[name]
	return ok
}

func (c *Config) storage(settings map[string]any) {
	if name, ok := settings["storage"].(string); ok {
		c.Driver = name
	}
	storage, _ := settings["storage"].(map[string]any)
	for name := range storage {
		switch name {
		case "cache", "maintenance", "delete", "redirect", "tag":
		default:
			c.Driver = name
		}
	}
	if c.Driver == "filesystem" {
		c.Root = "/var/lib/registry" // the driver's default
		if root := text(at(storage, "filesystem", "rootdirectory")); root != "" {
			c.Root = path.Clean(root)
		}
	}
	c.Delete = truth(at(storage, "delete", "enabled"))
	c.ReadOnly = truth(at(storage, "maintenance", "readonly", "enabled"))
	c.Cache = text(at(storage, "cache", "blobdescriptor"))
	if c.Cache == "" {
		c.Cache = text(at(storage, "cache", "layerinfo")) // the old name
	}
}

// override sets what a variable such as REGISTRY_STORAGE_DELETE_ENABLED names.
func override(settings map[string]any, name, value string) {
	keys := strings.Split(strings.ToLower(strings.TrimPrefix(name, "REGISTRY_")), "_")
	if value == "" || strings.HasPrefix(name, "REGISTRY_STORAGE_MAINTENANCE_READONLY_") {
		return // servers ignore that form, or end with a panic
	}
	var parsed any
	if yaml.Unmarshal([]byte(value), &parsed) != nil {
		return
	}
	for _, key := range keys[:len(keys)-1] {
		next, ok := settings[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			if driver, isName := settings[key].(string); isName && key == "storage" {
				next[driver] = map[string]any{} // storage: NAME is short for storage: {NAME: {}}
			}
			settings[key] = next
		}
		settings = next
	}
	settings[keys[len(keys)-1]] = parsed
}

func at(v any, keys ...string) any {
	for _, key := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func truth(v any) bool {
	b, _ := v.(bool)
	return b
}
