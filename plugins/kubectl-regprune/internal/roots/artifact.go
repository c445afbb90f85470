package roots

import (
	"regexp"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Charts and manifests are artifacts of registries, too. Those who deploy them, as Flux
// and Argo CD do, have their repository, chart and version in fields of their own, and
// there is no pod that would have the image.

// anyTag stands for all tags of a repository: of a range of versions, nobody but who
// deploys them knows what it will resolve to. It is a placeholder of a template.
const anyTag = "<any>"

// ociScheme begins URLs of artifacts.
const ociScheme = "oci://"

// mayDeploy is what a text has that deploys artifacts.
var mayDeploy = []string{ociScheme, "repoURL", "sourceRef"}

var (
	// exact is a tag that is no range. That 1 and 1.2 are ranges is for ranged.
	exact  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$`)
	ranged = regexp.MustCompile(`^v?\d+(\.\d+)?$|(^|\.)[xX](\.|$)| - `)
)

// artifacts takes those that m deploys. It returns the keys whose texts it has used,
// which alone would mean something else.
func (w *walker) artifacts(m map[string]any) (used []string) {
	if w.deep != nil && w.deep.secret {
		return nil
	}
	chart := first(m, "chart", "chartName")
	for key, v := range m {
		base, _ := v.(string)
		switch {
		case strings.HasPrefix(strings.ToLower(base), ociScheme):
			base = base[len(ociScheme):]
		case key == "repoURL" && chart != "" && base != "" && !strings.Contains(base, "://") && !strings.Contains(base, "@"):
		default:
			continue
		}
		base = strings.TrimRight(base, "/")
		switch {
		case key == "chart" || key == "chartName":
		case chart != "" && !strings.Contains(chart, "://"):
			base += "/" + chart
		case key == "repository" && first(m, "name") != "": // the same in Crossplane's words
			base += "/" + first(m, "name")
		}
		used = append(used, key)
		w.in(segment(key), func() { w.versions(base, m) })
	}
	if from, ok := m["sourceRef"].(map[string]any); ok && chart != "" && from["kind"] == "HelmRepository" {
		// Where that repository is stands in another object.
		w.in(".chart", func() { w.versions(anyTag+"/"+chart, m) })
	}
	return used
}

// versions takes an artifact in the versions that m has for it: all that are named
// count, though the strongest would do, and without any, every one there is.
func (w *walker) versions(base string, m map[string]any) {
	images := map[string]bool{}
	ref, _ := m["ref"].(map[string]any)
	for _, from := range []map[string]any{m, ref} {
		for _, key := range []string{"tag", "digest", "semver", "version", "targetRevision", "revision"} {
			if v := first(from, key); v != "" {
				images[version(base, v, key == "tag")] = true
			}
		}
	}
	if len(images) == 0 {
		images[base] = true
		if img, err := parseImage(base); err != nil || img.tag == "" && img.digest == "" {
			images = map[string]bool{base + ":" + anyTag: true}
		}
	}
	for image := range images {
		// What is no reference cannot be pulled, either.
		if _, err := parseImage(strings.ReplaceAll(image, anyTag, "any")); err == nil {
			w.specified(image)
		}
	}
}

// version is an artifact in a version, or in all that a range can mean; a tag is none.
func version(base, v string, tag bool) string {
	switch {
	case registry.ValidDigest(v):
		return base + "@" + v
	case exact.MatchString(v) && (tag || !ranged.MatchString(v) && v != "HEAD"):
		return base + ":" + strings.ReplaceAll(v, "+", "_") // which tags cannot have
	}
	return base + ":" + anyTag
}

// first is the first of the keys that m has a text for.
func first(m map[string]any, keys ...string) string {
	for _, k := range keys {
		if s, ok := m[k].(string); ok && s != "" {
			return s
		}
	}
	return ""
}
