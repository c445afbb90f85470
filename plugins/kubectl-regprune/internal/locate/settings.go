package locate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Settings are what the server's configuration file and environment say together.
type Settings struct {
	Source        string // where the configuration file was read; "" if it was not
	Driver        string // filesystem, s3, gcs, azure, inmemory, ...; "" if unknown
	RootDirectory string // of the driver filesystem
	Delete        Answer
	Cache         string // inmemory, redis, none, unknown
	Proxy         Answer // it is a pull-through cache
	ProxyURL      string // of a pull-through cache, without credentials; "" if none is known
	TLS           Answer
	ReadOnly      Answer
	// ReadOnlyBlock says whether the file has a block maintenance.readonly, on which
	// depends what a variable for it does.
	ReadOnlyBlock Answer
	Auth          string // htpasswd, token, ...; "" if none is known
	Port          int32  // that the server listens on; 0 if unknown
	// DeadSwitch is a variable that was meant to make the server read-only and does not,
	// or ends it; "" if there is none.
	DeadSwitch string
	// Conflict is why the settings cannot work together; "" if they may.
	Conflict string
}

// switchPrefix begins the variables that look like the switch to read-only and are not:
// with a block maintenance.readonly in the file the server ignores them, and without
// one it panics.
const switchPrefix = "REGISTRY_STORAGE_MAINTENANCE_READONLY_"

// defaultRoot is where distribution keeps its files unless told otherwise.
const defaultRoot = "/var/lib/registry"

// unread is a value that exists and that nobody looked at, and notRead its text.
type unread struct{}

const notRead = "(not read)"

// document is a configuration file, and how much is known of it.
type document struct {
	root  map[string]any
	known bool // what is absent from root is absent from the file
}

// ofImage is the file that distribution's own images have.
func ofImage() document {
	return document{known: true, root: map[string]any{
		"storage": map[string]any{
			"cache":      map[string]any{"blobdescriptor": "inmemory"},
			"filesystem": map[string]any{"rootdirectory": defaultRoot},
		},
		"http": map[string]any{"addr": ":5000"},
	}}
}

// parseConfig reads a configuration file. Errors do not show its text.
func parseConfig(text []byte) (document, error) {
	var root map[string]any
	if err := yaml.Unmarshal(text, &root); err != nil {
		return document{}, errors.New("reading the registry's configuration: it is no YAML")
	}
	return document{root: root, known: true}, nil
}

// settings lays the environment over the file, as the server does: REGISTRY_A_B is b in
// a, and its value is YAML.
func settings(doc document, env environment) Settings {
	file := tree{doc.root}
	block := file.get("storage", "maintenance", "readonly") != nil
	root, dead := clone(doc.root), ""
	for _, name := range env.names() {
		if strings.HasPrefix(name, switchPrefix) {
			dead = name
			continue
		}
		path := strings.Split(strings.ToLower(strings.TrimPrefix(name, prefix)), "_")
		set(root, path, env.value(name))
	}
	t, known := tree{root}, doc.known && !env.open
	s := Settings{
		Delete: t.truth(known, "storage", "delete", "enabled"), ReadOnly: t.truth(known, "storage", "maintenance", "readonly", "enabled"),
		ReadOnlyBlock: answer(block, doc.known), ProxyURL: withoutUser(t.text("proxy", "remoteurl")), Proxy: answer(t.text("proxy", "remoteurl") != "", known),
		TLS:   answer(t.text("http", "tls", "certificate") != "" || t.get("http", "tls", "letsencrypt") != nil, known),
		Cache: t.cache(known), Port: t.port(), DeadSwitch: dead,
	}
	s.Driver, s.Conflict = t.driver()
	s.RootDirectory = cmp.Or(t.text("storage", "filesystem", "rootdirectory"), defaultRoot)
	if s.Driver != "filesystem" && s.Driver != "" {
		s.RootDirectory = ""
	}
	if kinds := slices.Sorted(maps.Keys(t.children("auth"))); len(kinds) > 0 {
		s.Auth = kinds[0]
	}
	return s
}

// answer turns what was seen into what is known.
func answer(seen, known bool) Answer {
	switch {
	case seen:
		return Yes
	case known:
		return No
	}
	return Unknown
}

// tree is a document of YAML.
type tree struct{ root map[string]any }

func (t tree) get(path ...string) any {
	var at any = t.root
	for _, name := range path {
		fields, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = fields[name]
	}
	return at
}

func (t tree) text(path ...string) string {
	switch v := t.get(path...).(type) {
	case nil, map[string]any, []any:
		return ""
	case unread:
		return notRead
	default:
		return fmt.Sprint(v)
	}
}

func (t tree) children(path ...string) map[string]any {
	switch v := t.get(path...).(type) {
	case map[string]any:
		return v
	case string: // a driver without parameters may be named alone
		return map[string]any{v: nil}
	}
	return nil
}

// truth is the answer that a boolean gives, where absent means no if all is known.
func (t tree) truth(known bool, path ...string) Answer {
	switch v := t.get(path...).(type) {
	case bool:
		return map[bool]Answer{true: Yes, false: No}[v]
	case nil:
		return answer(false, known)
	}
	return Unknown
}

func (t tree) cache(known bool) string {
	switch kind := t.text("storage", "cache", "blobdescriptor"); {
	case kind == "" && known:
		return "none"
	case kind == "", kind == notRead:
		return string(Unknown)
	default:
		return kind
	}
}

// port is that of http.addr, 0 if there is none.
func (t tree) port() int32 {
	_, port, err := net.SplitHostPort(t.text("http", "addr"))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return int32(n)
}

// driver is the one key of storage that is no setting of all drivers.
func (t tree) driver() (name, conflict string) {
	var found []string
	for key := range t.children("storage") {
		switch key {
		case "cache", "delete", "maintenance", "redirect", "tag":
		default:
			found = append(found, key)
		}
	}
	slices.Sort(found)
	switch len(found) {
	case 0:
		return "", ""
	case 1:
		return found[0], ""
	}
	return "", "several storage drivers are configured: " + strings.Join(found, ", ")
}

// clone copies maps, which set changes, and nothing below lists.
func clone(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range m {
		if fields, ok := value.(map[string]any); ok {
			value = clone(fields)
		}
		out[key] = value
	}
	return out
}

// set puts value at path and makes the maps on the way.
func set(root map[string]any, path []string, value any) {
	for len(path) > 1 {
		next, ok := root[path[0]].(map[string]any)
		if !ok {
			next = map[string]any{}
			if name, alone := root[path[0]].(string); alone {
				next[name] = nil
			}
			root[path[0]] = next
		}
		root, path = next, path[1:]
	}
	root[path[0]] = value
}
