package roots

import (
	"slices"
	"strings"
)

// Hosts says which registry hosts in references are which. A host is HOST[:PORT],
// or HOST[:PORT]/PREFIX for a registry that is reached below a path. Upper and
// lower case are the same.
//
// Nobody can know all names under which nodes reach a registry: there are node
// ports, ingresses, services and mirrors in the configuration of runtimes. So every
// host that is not foreign is taken for an alias.
type Hosts struct {
	Aliases []string // are the registry
	Foreign []string // are certainly not; an alias of the same name wins
}

// clean is a host as it is compared.
func clean(host string) string {
	return strings.ToLower(strings.TrimRight(withoutScheme(strings.ToLower(host)), "/"))
}

// alias reports whether a host, as it stands in references, is known to be the
// registry, and under which prefixes of paths.
func (h Hosts) alias(host string) (prefixes []string, known bool) {
	for _, a := range h.Aliases {
		name, prefix, _ := strings.Cut(clean(a), "/")
		if name != host {
			continue
		}
		known = true
		if prefix != "" {
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes, known
}

func (h Hosts) foreign(host string) bool {
	if _, known := h.alias(host); known {
		return false
	}
	return slices.ContainsFunc(h.Foreign, func(f string) bool {
		f = clean(f)
		return f == host || f == "index."+dockerHub && host == dockerHub
	})
}

// repositories are the names that an image can have in the registry: none for one
// of a foreign host. More than one is right for at most one runtime, but which is
// the runtime's secret: registries that mirror another one have its images with and
// without its host, and those of Docker Hub with and without library.
func (h Hosts) repositories(img image) []string {
	if img.path == "" || h.foreign(img.host) {
		return nil
	}
	names := []string{img.path}
	if short, ok := strings.CutPrefix(img.path, "library/"); ok && img.host == dockerHub {
		names = append(names, short)
	}
	prefixes, _ := h.alias(img.host)
	for _, p := range prefixes {
		if inner, ok := strings.CutPrefix(img.path, p+"/"); ok {
			names = append(names, inner)
		}
	}
	for _, n := range slices.Clone(names) {
		names = append(names, img.host+"/"+n)
	}
	return names
}
