package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// APIVersion and Kind of a file with rules.
const (
	APIVersion = "regprune.kubectl-suite.dev/v1alpha1"
	Kind       = "Policy"
)

// Parse reads a policy from YAML or JSON:
//
//	apiVersion: regprune.kubectl-suite.dev/v1alpha1
//	kind: Policy
//	rules:
//	- repositories: [team/**]
//	  exclude: [team/base]
//	  keep: [latest, stable-*]
//	  keepLast: 10
//	- repositories: ['**']
//	  keepNumber: '>=950'
//
// The fields of an entry are those of Spec. Unknown and repeated ones are errors.
// Names are taken as they are written: 1.10 is the tag 1.10 and not the number 1.1.
func Parse(data []byte) (*Policy, error) {
	root, err := document(data)
	if err != nil {
		return nil, fmt.Errorf("parsing policy: %w", err)
	}
	specs, err := readSpecs(root)
	if err == nil {
		var p *Policy
		if p, err = New(specs); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("parsing policy: %w", err)
}

// document is the content of the only document in data.
func document(data []byte) (*yaml.Node, error) {
	var root, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case err != nil:
		return nil, err
	case len(root.Content) != 1:
		return nil, errors.New("it is empty")
	}
	switch err := d.Decode(&more); {
	case err == nil:
		return nil, fmt.Errorf("line %d: a second document begins", more.Line)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return root.Content[0], nil
}

func readSpecs(root *yaml.Node) ([]Spec, error) {
	var version, kind string
	var all []Spec
	err := fields(root, map[string]func(*yaml.Node) error{
		"apiVersion": text(&version),
		"kind":       text(&kind),
		"rules": func(n *yaml.Node) error {
			if n = target(n); n.Kind != yaml.SequenceNode {
				return errors.New("it is a list of entries")
			}
			for i, item := range n.Content {
				spec, err := entry(item)
				if err != nil {
					return fmt.Errorf("entry %d: %w", i+1, err)
				}
				all = append(all, spec)
			}
			return nil
		},
	})
	switch {
	case err != nil:
		return nil, err
	case version != APIVersion || kind != Kind:
		return nil, hint.With(fmt.Errorf("it is apiVersion %q, kind %q, which is not known here", version, kind), "write apiVersion: "+APIVersion+" and kind: "+Kind)
	}
	return all, nil
}

func entry(n *yaml.Node) (Spec, error) {
	s := Spec{lines: map[string]int{"": n.Line}}
	readers := map[string]func(*yaml.Node) error{
		"repositories": list(&s.Repositories), "exclude": list(&s.Exclude),
		"keep": list(&s.Keep), "keepRegex": list(&s.KeepRegex), "keepNumber": list(&s.KeepNumber), "keepSemver": list(&s.KeepSemver),
		"keepLast": number(&s.KeepLast), "keepWithin": text(&s.KeepWithin),
		"delete": list(&s.Delete), "deleteRegex": list(&s.DeleteRegex),
		"sort": text(&s.Sort), "minAge": text(&s.MinAge),
		"untagged": boolean(&s.Untagged), "untaggedMinAge": text(&s.UntaggedMinAge),
	}
	for name, read := range readers {
		readers[name] = func(value *yaml.Node) error {
			s.lines[name] = value.Line
			return read(value)
		}
	}
	return s, fields(n, readers)
}

// fields reads a mapping in the order of its keys.
func fields(n *yaml.Node, readers map[string]func(*yaml.Node) error) error {
	if n = target(n); n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: fields are expected here", n.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		read := readers[key.Value]
		if read == nil || key.Kind != yaml.ScalarNode {
			return hint.With(fmt.Errorf("line %d: there is no field %q", key.Line, key.Value), "the fields are "+strings.Join(names(readers), ", "))
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: the field %q is there twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		if err := read(n.Content[i+1]); err != nil {
			if key.Value == "rules" { // its entries name their own lines
				return err
			}
			return fmt.Errorf("line %d: %s: %w", key.Line, key.Value, err)
		}
	}
	return nil
}

func names(readers map[string]func(*yaml.Node) error) []string {
	var all []string
	for name := range readers {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// target is what an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// text reads a scalar as it is written, whatever YAML takes it for.
func text(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n = target(n); n.Kind != yaml.ScalarNode || n.Value == "" || n.Tag == "!!null" {
			return errors.New("it is one text")
		}
		*to = n.Value
		return nil
	}
}

// list reads a text, or a list of them.
func list(to *[]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		items := []*yaml.Node{n}
		if n = target(n); n.Kind == yaml.SequenceNode {
			items = n.Content
		}
		for _, item := range items {
			var one string
			if err := text(&one)(item); err != nil {
				return errors.New("it is a text or a list of texts")
			}
			*to = append(*to, one)
		}
		if len(items) == 0 {
			return errors.New("the list is empty")
		}
		return nil
	}
}

func number(to **int) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		value, err := strconv.Atoi(target(n).Value)
		if err != nil {
			return errors.New("it is a number")
		}
		*to = &value
		return nil
	}
}

func boolean(to *bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		value := target(n).Value
		if value != "true" && value != "false" {
			return errors.New("it is true or false")
		}
		*to = value == "true"
		return nil
	}
}
