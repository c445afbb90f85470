package rbac

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// placeholder stands for who is to have the rights, where nobody is named. No user of a
// cluster should be called that, so applying it as it is grants nothing.
var placeholder = Subject{Kind: "User", Name: "REPLACE-ME"}

// YAML writes the manifests that grant the rights: a ClusterRole for what is needed in
// all namespaces, a Role for the registry's, and their bindings. The text can be
// applied as it is; without a subject it says what to replace first.
func YAML(o Options) (string, error) {
	rules, err := Rules(o)
	if err != nil {
		return "", err
	}
	nobody := o.Subject.Name == ""
	if nobody {
		o.Subject = placeholder
	}
	if err := o.Subject.check(); err != nil {
		return "", err
	}
	var cluster, local []Rule
	for _, r := range rules {
		if r.Cluster {
			cluster = append(cluster, r)
		} else {
			local = append(local, r)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Rights of %s for: kubectl regprune %s\n", o.Subject, o.Step)
	if nobody {
		fmt.Fprintf(&b, "# Replace %s, in subjects and in names of bindings, by who is to have them.\n", placeholder.Name)
	}
	if o.Step == Apply {
		b.WriteString("# Apply looks at the cluster again before it deletes. To delete is a right of the registry's own.\n")
	}
	if len(cluster) > 0 {
		o.write(&b, "", cluster)
	}
	if len(local) > 0 {
		o.write(&b, o.Namespace, local)
	}
	return b.String(), nil
}

func (s Subject) check() error {
	switch {
	case s.Kind == "ServiceAccount" && s.Namespace == "":
		return fmt.Errorf("writing roles: service account %q needs a namespace", s.Name)
	case s.Kind != "User" && s.Kind != "Group" && s.Kind != "ServiceAccount":
		return fmt.Errorf("writing roles: %q is no kind of subject", s.Kind)
	}
	return nil
}

// String is the subject in words.
func (s Subject) String() string {
	if s.Kind == "ServiceAccount" {
		return fmt.Sprintf("service account %s/%s", s.Namespace, s.Name)
	}
	return fmt.Sprintf("%s %q", strings.ToLower(s.Kind), s.Name)
}

// write writes a role and its binding, for the cluster if namespace is empty. Roles of
// different registries and bindings of different subjects have different names, so
// that none takes the place of another.
func (o Options) write(b *strings.Builder, namespace string, rules []Rule) {
	kind, name, place := "ClusterRole", "regprune-"+string(o.Step), ""
	if namespace != "" {
		kind, place = "Role", ", namespace: "+quote(namespace)
		if o.Workload.Name != "" {
			name += "-" + o.Workload.Name
		}
	}
	fmt.Fprintf(b, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: {name: %s%s}\nrules:\n", kind, quote(name), place)
	for _, r := range rules {
		r.write(b)
	}
	if namespace == "" && len(o.Groups) == 0 {
		b.WriteString(customNote)
	}
	subject := fmt.Sprintf("kind: %s, name: %s", o.Subject.Kind, quote(o.Subject.Name))
	if o.Subject.Kind == "ServiceAccount" {
		subject += ", namespace: " + quote(o.Subject.Namespace)
	} else {
		subject += ", apiGroup: rbac.authorization.k8s.io"
	}
	fmt.Fprintf(b, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: %sBinding\nmetadata: {name: %s%s}\n", kind, quote(name+":"+o.Subject.id()), place)
	fmt.Fprintf(b, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}\nsubjects: [{%s}]\n", kind, quote(name), subject)
}

// customNote stands where rules for custom resources would be.
const customNote = `# Custom resources that name images need a rule for each of their API groups:
# - {apiGroups: [argoproj.io], resources: ["*"], verbs: [list]}
# A rule for apiGroups ["*"] would do for all groups, and lets its holder list everything.
`

func (r Rule) write(b *strings.Builder) {
	optional := ""
	if r.Optional {
		optional = " (optional)"
	}
	fmt.Fprintf(b, "# %s%s\n- {apiGroups: [%s], resources: %s, verbs: %s", r.Why, optional, quote(r.Group), list(r.Resources), list(r.Verbs))
	if len(r.Names) > 0 {
		fmt.Fprintf(b, ", resourceNames: %s", list(r.Names))
	}
	b.WriteString("}\n")
}

// id is the subject as part of an object's name, which may hold neither "/" nor "%".
func (s Subject) id() string {
	name := s.Name
	if s.Namespace != "" {
		name = s.Namespace + ":" + name
	}
	return strings.NewReplacer("/", "-", "%", "-").Replace(cmp.Or(name, "nobody"))
}

// quote writes a string as YAML that is JSON, too.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // a string is always JSON
	}
	return string(text)
}

func list(all []string) string {
	var quoted []string
	for _, s := range all {
		quoted = append(quoted, quote(s))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
