package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

// registry is a candidate, for programs. What is not known is "unknown", or absent.
type registry struct {
	Name             string             `json:"name"`
	Namespace        string             `json:"namespace"`
	Service          string             `json:"service,omitempty"`
	Port             int32              `json:"port"`
	Scheme           string             `json:"scheme"`
	Workload         string             `json:"workload"`
	Container        string             `json:"container"`
	Image            string             `json:"image"`
	Product          locate.Product     `json:"product,omitempty"`
	Version          string             `json:"version,omitempty"`
	Storage          locate.StorageKind `json:"storage"`
	RestartLosesData bool               `json:"restartLosesData"`
	Delete           locate.Answer      `json:"deleteEnabled"`
	ReadOnly         locate.Answer      `json:"readOnly"`
	Replicas         int32              `json:"replicas"`
	Ready            int                `json:"readyPods"`
	Aliases          []string           `json:"aliases"`
	Score            int                `json:"score"`
	Evidence         []string           `json:"evidence"`
	Unread           []string           `json:"unread,omitempty"`
}

type registryList struct {
	kind
	Items   []registry      `json:"items"`
	Outside *locate.Hosting `json:"outside,omitempty"` // announced, and not in the cluster
	Unread  []string        `json:"unread,omitempty"`  // what may have hidden a registry
}

// Registries lists what was found in a cluster, in one of [ListFormats].
func Registries(w io.Writer, format string, found *locate.Found, o ResultOptions) error {
	switch format {
	case Name:
		return registryNames(w, found)
	case Wide:
		p := &page{}
		p.table(registryTable(found, true), ResultOptions{NoHeaders: o.NoHeaders})
		return p.write(w)
	case Table, JSON, YAML:
	default:
		return unknown(format, ListFormats)
	}
	v := registryList{kind{apiVersion, "RegistryList"}, []registry{}, found.Outside, found.Unread}
	for i := range found.Candidates {
		c := &found.Candidates[i]
		v.Items = append(v.Items, registry{
			Name: c.Name(), Namespace: c.Namespace, Service: c.Service, Port: c.Port, Scheme: c.Scheme, Workload: c.Workload.String(), Container: c.Container,
			Image: c.Image, Product: c.Product, Version: c.Version, Storage: c.Storage.Kind, RestartLosesData: c.Storage.RestartLosesData,
			Delete: c.Settings.Delete, ReadOnly: c.Settings.ReadOnly, Replicas: c.Replicas, Ready: c.Ready(), Aliases: append([]string{}, c.Aliases...),
			Score: c.Score, Evidence: append([]string{}, c.Evidence...), Unread: c.Unread,
		})
	}
	return result(w, format, v, func(p *page) { p.table(narrowed(registryTable(found, false), o), o) })
}

// registryNames writes a name a line.
func registryNames(w io.Writer, found *locate.Found) error {
	var b strings.Builder
	for i := range found.Candidates {
		b.WriteString(clean(found.Candidates[i].Name()) + "\n")
	}
	if h := found.Outside; h != nil {
		b.WriteString(hostOf(h) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func registryTable(found *locate.Found, wide bool) *output.Table {
	t := &output.Table{Columns: []output.Column{{Header: "NAME"}, {Header: "PRODUCT"}, {Header: "STORAGE"}, {Header: "DELETE"},
		{Header: "READY", Right: true}, {Header: "WORKLOAD"}, {Header: "ALSO KNOWN AS", Shrink: true}, {Header: "IMAGE"}}}
	for i := range found.Candidates {
		c := &found.Candidates[i]
		t.Rows = append(t.Rows, []string{clean(c.Name()), product(c), storage(c), answer(c.Settings.Delete),
			fmt.Sprintf("%d/%d", c.Ready(), c.Replicas), clean(c.Workload.String()), join(clean(some(c.Aliases))), clean(c.Image)})
	}
	if h := found.Outside; h != nil {
		host := hostOf(h)
		t.Rows = append(t.Rows, []string{host, "outside of the cluster", notKnown, notKnown, notKnown, "-", join(clean(some(others(h, host)))), notKnown})
	}
	if wide {
		t.Columns = append(t.Columns, output.Column{Header: "KNOWN BY"})
		for i := range t.Rows {
			by := "its announcement"
			if i < len(found.Candidates) {
				by = join(clean(strings.Join(found.Candidates[i].Evidence, ", ")))
			}
			t.Rows[i] = append(t.Rows[i], by)
		}
	}
	return t
}

// leastAliases is what the other names shrink to before they go; a few characters
// tell nobody apart.
const leastAliases = 12

// narrowed takes columns out until the table fits. Where something runs, and whether it
// does, stays.
func narrowed(t *output.Table, o ResultOptions) *output.Table {
	for _, header := range []string{"IMAGE", "ALSO KNOWN AS", "STORAGE", "DELETE", "PRODUCT"} {
		if o.Width <= 0 || leastWidth(t, o.NoHeaders) <= o.Width {
			break
		}
		i := slices.IndexFunc(t.Columns, func(c output.Column) bool { return c.Header == header })
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for k := range t.Rows {
			t.Rows[k] = slices.Delete(t.Rows[k], i, i+1)
		}
	}
	return t
}

// leastWidth is the width of t with its shrinking columns as narrow as they may get.
func leastWidth(t *output.Table, noHeaders bool) int {
	total := 2 * (len(t.Columns) - 1)
	for i, c := range t.Columns {
		widest := 0
		if !noHeaders {
			widest = len(c.Header)
		}
		for _, row := range t.Rows {
			widest = max(widest, utf8.RuneCountInString(row[i]))
		}
		if c.Shrink {
			widest = min(widest, leastAliases)
		}
		total += widest
	}
	return total
}

func hostOf(h *locate.Hosting) string {
	return clean(cmp.Or(h.Host, h.HostFromContainerRuntime, h.HostFromClusterNetwork))
}

func others(h *locate.Hosting, host string) (names []string) {
	for _, n := range []string{h.HostFromContainerRuntime, h.HostFromClusterNetwork} {
		if n != "" && n != host {
			names = append(names, n)
		}
	}
	return names
}

func product(c *locate.Candidate) string {
	name := cmp.Or(string(c.Product), notKnown)
	if c.Version != "" {
		name += " " + c.Version
	}
	return clean(name)
}

func storage(c *locate.Candidate) string {
	text := clean(cmp.Or(string(c.Storage.Kind), notKnown))
	if c.Storage.RestartLosesData {
		text += " (lost by a restart)"
	}
	return text
}

// answer is yes, no or ?.
func answer(a locate.Answer) string {
	switch a {
	case locate.Yes, locate.No:
		return string(a)
	}
	return notKnown
}
