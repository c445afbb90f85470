// Package krewmanifest fills the templates in krew-manifests/ with the version and
// the checksums of a build.
//
// It knows the two things that krew-release-bot knows, and no more, so that a
// template that renders here renders there: the value .TagName, and the function
// addURIAndSha(url, tag), whose url may contain {{ .TagName }} itself.
package krewmanifest

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"
)

// Build is what a manifest is filled with.
type Build struct {
	// Tag is the version with its leading v.
	Tag string
	// Checksums maps the name of each archive to its SHA-256 in hexadecimal.
	Checksums map[string]string
	// Base, if set, takes the place of everything before the archive's name in
	// each URI, for archives that are served from somewhere else than a release.
	Base string
	// Partial drops the platforms whose archives have no checksum. Without it a
	// missing archive is an error.
	Partial bool
}

// ParseChecksums reads a file like checksums.txt: one "HEX  NAME" a line.
func ParseChecksums(text string) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 || len(fields[0]) != 64 {
			return nil, fmt.Errorf("reading checksums: %q is not a checksum and a name", strings.TrimSpace(line))
		}
		sums[fields[1]] = fields[0]
	}
	if len(sums) == 0 {
		return nil, errors.New("reading checksums: there are none")
	}
	return sums, nil
}

// Render fills a template and checks that the result is a manifest with at least
// one platform.
func (b Build) Render(name, text string) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"addURIAndSha": b.addURIAndSha}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parsing the template %q: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, struct{ TagName string }{b.Tag}); err != nil {
		return nil, fmt.Errorf("filling the template %q: %w", name, err)
	}
	return b.dropMissing(name, out.Bytes())
}

func (b Build) addURIAndSha(url, tag string) (string, error) {
	t, err := template.New("url").Parse(url)
	if err != nil {
		return "", fmt.Errorf("parsing the URL %q: %w", url, err)
	}
	var uri strings.Builder
	if err := t.Execute(&uri, struct{ TagName string }{tag}); err != nil {
		return "", fmt.Errorf("filling the URL %q: %w", url, err)
	}
	archive := path.Base(uri.String())
	sum := b.Checksums[archive]
	if sum == "" && !b.Partial {
		return "", fmt.Errorf("no checksum for %q", archive)
	}
	address := uri.String()
	if b.Base != "" {
		address = strings.TrimSuffix(b.Base, "/") + "/" + archive
	}
	return fmt.Sprintf("uri: %s\n    sha256: %q", address, sum), nil
}

// dropMissing removes platforms without a checksum, or leaves the text as it is.
func (b Build) dropMissing(name string, manifest []byte) ([]byte, error) {
	var parsed struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(manifest, &parsed); err != nil {
		return nil, fmt.Errorf("reading the manifest made from %q: %w", name, err)
	}
	all, _ := parsed.Spec["platforms"].([]any)
	var kept []any
	for _, item := range all {
		if platform, _ := item.(map[string]any); platform["sha256"] != "" {
			kept = append(kept, item)
		}
	}
	switch {
	case len(kept) == 0:
		return nil, fmt.Errorf("the manifest made from %q has no platform with an archive", name)
	case len(kept) == len(all):
		return manifest, nil
	}
	parsed.Spec["platforms"] = kept
	return yaml.Marshal(parsed)
}

// Tag finds the version in the names of the archives: kubectl-x_TAG_os_arch.ext.
// All must have the same.
func Tag(checksums map[string]string) (string, error) {
	tag := ""
	for archive := range checksums {
		parts := strings.Split(archive, "_")
		if len(parts) != 4 || !strings.HasPrefix(parts[1], "v") {
			return "", fmt.Errorf("the archive %q is not named kubectl-PLUGIN_vVERSION_OS_ARCH", archive)
		}
		if tag != "" && parts[1] != tag {
			return "", fmt.Errorf("archives of two versions, %s and %s", tag, parts[1])
		}
		tag = parts[1]
	}
	return tag, nil
}
