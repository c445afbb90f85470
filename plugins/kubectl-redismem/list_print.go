package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
)

var listFormats = []string{render.Table, render.Wide, render.JSON, render.YAML, "name"}

// deploymentList is the kind that list -o json writes.
type deploymentList struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Items      []listItem `json:"items"`
}

// listItem is one deployment. Figures are -1 where nobody could say.
type listItem struct {
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	Flavour   string      `json:"flavour,omitempty"`
	Version   string      `json:"version,omitempty"`
	Mode      string      `json:"mode,omitempty"`
	Replicas  int         `json:"replicas"` // that answered
	Keys      int64       `json:"keys"`
	Used      int64       `json:"usedMemoryBytes"`
	Max       int64       `json:"maxMemoryBytes"` // 0: no limit
	Password  string      `json:"passwordSource"` // "" if none was asked for
	TLS       bool        `json:"tls"`
	Missing   []string    `json:"missingFeatures,omitempty"`
	Shards    []listShard `json:"shards"`
	Error     string      `json:"error,omitempty"` // why nothing can be read
	Locked    []string    `json:"lockedPods,omitempty"`
	Notes     []string    `json:"notes,omitempty"`
}

// listShard is one shard and the node of it that would be scanned, "" if none.
type listShard struct {
	Slots  string   `json:"slots,omitempty"`
	Scan   string   `json:"wouldScan,omitempty"`
	Role   string   `json:"role,omitempty"`
	Why    string   `json:"why"`
	Nodes  []string `json:"nodes"`
	Absent []string `json:"absent,omitempty"`
}

func listed(namespace string, d *redisconn.Deployment, p redisconn.Preference) listItem {
	item := listItem{Namespace: namespace, Name: d.Name, Mode: string(d.Mode), Keys: -1, Used: -1, Max: -1, Shards: []listShard{}, Notes: d.Notes}
	if err := d.Err(); err != nil {
		item.Error = err.Error()
	}
	for _, i := range d.Locked {
		item.Locked = append(item.Locked, i.Name())
	}
	whole := true
	for n := range d.Shards {
		s := &d.Shards[n]
		node, why := s.Choose(p)
		shard := listShard{Slots: s.Name(), Why: why, Absent: s.Absent, Nodes: []string{}}
		for _, i := range s.Nodes {
			shard.Nodes = append(shard.Nodes, i.Name())
			if i.Server.IsReplica() {
				item.Replicas++
			}
		}
		if node == nil {
			whole = false
		} else {
			shard.Scan, shard.Role = node.Name(), node.Server.Role
			item.add(node)
		}
		item.Shards = append(item.Shards, shard)
	}
	if !whole { // part of a sum is no sum
		item.Keys, item.Used, item.Max = -1, -1, -1
	}
	return item
}

// add counts the node that would be scanned, which holds all of its shard.
func (l *listItem) add(i *redisconn.Instance) {
	s := i.Server
	if l.Keys < 0 {
		l.Keys, l.Used, l.Max = 0, 0, 0
		l.Flavour, l.Version, l.Missing, l.TLS = s.Flavour, s.Version, s.Missing, i.Endpoint.TLS != nil
	}
	l.Keys, l.Used, l.Max = l.Keys+s.Keys(), l.Used+s.UsedMemory, l.Max+s.MaxMemory
	if used := i.Endpoint.Used(); used != nil && l.Password == "" {
		l.Password = used.Source
	}
}

func (o *options) printList(items []listItem, l *listFlags) error {
	list := deploymentList{APIVersion: "redismem.kubectl-suite.dev/v1alpha1", Kind: "DeploymentList", Items: items}
	switch l.output {
	case render.JSON:
		return output.JSON(o.io.Out, list)
	case render.YAML:
		return output.YAML(o.io.Out, list)
	case "name":
		for _, i := range items {
			if _, err := fmt.Fprintln(o.io.Out, i.Name); err != nil {
				return err
			}
		}
		return nil
	}
	t := output.Table{NoHeaders: o.noHeaders, Columns: []output.Column{{Header: "NAME"}, {Header: "SERVER"}, {Header: "MODE"},
		{Header: "SHARDS", Right: true}, {Header: "REPLICAS", Right: true}, {Header: "KEYS", Right: true}, {Header: "USED/MAX"},
		{Header: "PASSWORD", Drop: 1}, {Header: "TLS", Drop: 2}, {Header: "WOULD SCAN", Shrink: l.output != render.Wide}}}
	for _, i := range items {
		row := i.row()
		if l.everywhere {
			row = append([]string{i.Namespace}, row...)
		}
		t.Rows = append(t.Rows, row)
	}
	if l.everywhere {
		t.Columns = append([]output.Column{{Header: "NAMESPACE"}}, t.Columns...)
	}
	width := o.io.Width()
	if l.output == render.Wide {
		width = 0
	}
	return t.Write(o.io.Out, width)
}

const unknownFigure = "?"

func (l *listItem) row() []string {
	keys, used, tls, password := unknownFigure, unknownFigure, "no", "none"
	if l.Keys >= 0 {
		keys, used = strconv.FormatInt(l.Keys, 10), output.Bytes(l.Used)
	}
	if l.Max > 0 {
		used += " / " + output.Bytes(l.Max)
	}
	if l.TLS {
		tls = "yes"
	}
	if l.Password != "" {
		password = l.Password
	}
	if l.Mode == "" {
		password, tls = unknownFigure, unknownFigure
	}
	cells := []string{l.Name, strings.TrimSpace(l.Flavour + " " + l.Version), l.Mode, strconv.Itoa(len(l.Shards)), strconv.Itoa(l.Replicas),
		keys, used, password, tls, l.wouldScan()}
	for i := range cells {
		cells[i] = streams.SanitizeLine(cells[i])
	}
	return cells
}

// wouldScan names the nodes with the same reason together.
func (l *listItem) wouldScan() string {
	if l.Error != "" {
		return "nothing: " + l.Error
	}
	var reasons []string
	nodes := map[string][]string{}
	for _, s := range l.Shards {
		if !slices.Contains(reasons, s.Why) {
			reasons = append(reasons, s.Why)
		}
		node := s.Scan
		if node == "" {
			node = "not " + s.Slots
		}
		nodes[s.Why] = append(nodes[s.Why], node)
	}
	for i, why := range reasons {
		reasons[i] = strings.Join(nodes[why], ", ") + " (" + why + ")"
	}
	return strings.Join(reasons, "; ")
}
