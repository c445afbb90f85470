package house

import (
	"path"
	"strconv"
	"strings"
)

// leaves know neither Kubernetes objects nor each other.
var leaves = []string{"pkg/hint", "pkg/streams", "pkg/output", "pkg/fanout", "pkg/pause"}

// mayImport says which folders of this module a folder's shipped code may
// import, besides its own subfolders. The longest matching key counts; a folder
// of pkg without a key may import nothing until somebody decides.
var mayImport = map[string][]string{
	"pkg/hint":                nil,
	"pkg/streams":             {"pkg/hint"},
	"pkg/output":              {"pkg/hint"},
	"pkg/fanout":              {"pkg/hint"},
	"pkg/pause":               nil,
	"pkg/cli":                 append([]string{"pkg/kube"}, leaves...),
	"pkg/kube":                append([]string{"pkg/internal"}, leaves...),
	"pkg/resolve":             append([]string{"pkg/kube"}, leaves...),
	"pkg/internal":            leaves,
	"pkg/podexec":             append([]string{"pkg/internal", "pkg/resolve", "pkg/kube"}, leaves...),
	"pkg/supervise":           append([]string{"pkg/podexec"}, leaves...),
	"pkg/podconn":             append([]string{"pkg/internal", "pkg/resolve", "pkg/kube"}, leaves...),
	"pkg/redisconn":           append([]string{"pkg/podconn", "pkg/podexec", "pkg/resolve", "pkg/kube"}, leaves...),
	"pkg/redisconn/redistest": {"pkg/redisconn/resp"},
	"pkg/registry":            leaves,
	"pkg/kubetest":            append([]string{"pkg/internal"}, leaves...),
}

// testOnly are packages that must not end up in what users run.
var testOnly = []string{"pkg/kubetest", "pkg/redisconn/redistest", "pkg/registry/registrytest", "pkg/htmlreport/browsertest", "plugins/kubectl-regprune/internal/disk/disktest", "plugins/kubectl-regprune/internal/render/sample"}

// placement says where shipped code may use a library, so that the choice of a
// library stays the business of the packages that exist for it. "main" stands
// for plugins/NAME itself, "engine" for plugins/NAME/internal.
var placement = []struct {
	libraries []string
	folders   []string
}{
	{[]string{"github.com/spf13/cobra", "github.com/spf13/pflag", "k8s.io/cli-runtime/pkg/genericclioptions"},
		[]string{"main", "pkg/cli", "pkg/kube", "pkg/output"}},
	{[]string{"github.com/redis/go-redis"},
		[]string{"pkg/redisconn", "plugins/kubectl-redismem/internal"}},
	{[]string{"oras.land/oras-go"},
		[]string{"pkg/registry"}},
	{[]string{
		"github.com/moby/spdystream", "github.com/gorilla/websocket", "k8s.io/streaming",
		"k8s.io/client-go/transport/spdy", "k8s.io/client-go/transport/websocket",
		"k8s.io/client-go/tools/portforward", "k8s.io/client-go/tools/remotecommand",
	},
		[]string{"pkg/podconn", "pkg/podexec", "pkg/internal/upgrade", "pkg/kubetest"}},
}

func checkImports(f file) []Finding {
	var findings []Finding
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has already complained
		}
		rule, text := "", ""
		if own, ok := strings.CutPrefix(imported, Module+"/"); ok {
			rule, text = checkOwnImport(f, own)
		} else if !f.isTestSupport() || within(f.dir(), "pkg") && !f.isTest() {
			rule, text = checkLibrary(f.dir(), imported)
		}
		if rule != "" {
			findings = append(findings, Finding{f.Path, f.at(spec), rule, text})
		}
	}
	return findings
}

// checkOwnImport judges an import within this module.
func checkOwnImport(f file, imported string) (rule, text string) {
	from := f.dir()
	if f.isTest() || within(from, "hack") || within(from, "test") || within(imported, from) {
		return "", ""
	}
	for _, folder := range testOnly {
		if within(imported, folder) && !within(from, folder) {
			return "test-only", imported + " is for tests and hack only"
		}
	}
	if within(imported, "pkg/cli") && kind(from) != "main" {
		return "direction", "only main packages may import pkg/cli"
	}
	if within(from, "plugins") {
		return checkPluginImport(from, imported)
	}
	for _, allowed := range allowedFrom(from) {
		if within(imported, allowed) {
			return "", ""
		}
	}
	return "direction", from + " may not import " + imported
}

func checkPluginImport(from, imported string) (rule, text string) {
	switch {
	case within(imported, "pkg/internal"):
		return "direction", "plugins use pkg, not pkg/internal"
	case within(imported, "pkg"):
		return "", ""
	case kind(from) == "engine" && within(imported, plugin(from)+"/internal"):
		return "", ""
	}
	return "direction", from + " may not import " + imported
}

// allowedFrom finds the entry of mayImport for a folder of pkg.
func allowedFrom(folder string) []string {
	for key := folder; key != "."; key = path.Dir(key) {
		if allowed, ok := mayImport[key]; ok {
			return append([]string{key}, allowed...)
		}
	}
	return nil
}

func checkLibrary(from, imported string) (rule, text string) {
	for _, p := range placement {
		for _, library := range p.libraries {
			if !within(imported, library) {
				continue
			}
			for _, folder := range p.folders {
				if kind(from) == folder || within(from, folder) {
					return "", ""
				}
			}
			return "placement", imported + " belongs into " + strings.Join(p.folders, ", ")
		}
	}
	return "", ""
}

// plugin is the folder of the plugin that dir belongs to: plugins/NAME.
func plugin(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	return path.Join(parts[:min(2, len(parts))]...)
}

// kind tells a plugin's main package from its engine.
func kind(dir string) string {
	switch {
	case !within(dir, "plugins") || dir == "plugins":
		return ""
	case dir == plugin(dir):
		return "main"
	}
	return "engine"
}
