package roots

import (
	"regexp"
	"strings"
)

// placeholder is what templates of images have where something is filled in later:
// by Argo, Tekton, Helm, a shell, or an operator's own code.
var placeholder = regexp.MustCompile(`\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_][A-Za-z0-9_]*|%[sdv]|<[^<>]+>|@@[^@]+@@`)

// hole stands for a placeholder. No reference has it.
const hole = "\x00"

// template is an image of which a part is not known yet, such as
// localhost:32000/app:{{tag}}. It stands for every image that it can become.
type template struct {
	host   string // "" if it has none, or a hole
	digest string // if that is literal
	forms  []*regexp.Regexp
}

// parseTemplate is nil for a text without placeholders.
func parseTemplate(text string, hosts Hosts) *template {
	if !strings.ContainsAny(text, "{$%<@") || !placeholder.MatchString(text) {
		return nil
	}
	text = withoutScheme(placeholder.ReplaceAllString(text, hole))
	t := &template{}
	if name, digest, ok := strings.Cut(text, "@"); ok {
		text = name
		if strings.Contains(digest, hole) {
			text += hole // any image of the repository
		} else {
			t.digest = digest
		}
	}
	forms := []string{text}
	if first, rest, ok := strings.Cut(text, "/"); ok && strings.Contains(first, hole) {
		forms = append(forms, rest)
	} else if t.host = hostOf(text); t.host != "" {
		forms = append(forms, rest)
		prefixes, _ := hosts.alias(t.host)
		for _, p := range prefixes {
			if inner, ok := strings.CutPrefix(rest, p+"/"); ok {
				forms = append(forms, inner)
			}
		}
	}
	for _, f := range forms {
		t.add(f)
	}
	return t
}

// add takes a form of the template, unless nothing is left of it but holes: that
// would stand for all images there are.
func (t *template) add(form string) {
	if !strings.ContainsFunc(form, alphanumeric) {
		return
	}
	parts := strings.Split(form, hole)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	if f, err := regexp.Compile("^(?:" + strings.Join(parts, ".*") + ")$"); err == nil {
		t.forms = append(t.forms, f)
	}
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// matches reports whether the template can become the tag of the repository.
func (t *template) matches(repository, tag string) bool {
	for _, f := range t.forms {
		if f.MatchString(repository+":"+tag) || tag == defaultTag && f.MatchString(repository) {
			return true
		}
	}
	return false
}
