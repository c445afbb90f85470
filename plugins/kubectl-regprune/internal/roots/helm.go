package roots

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// helmType is the type of Secrets in which Helm keeps releases.
const helmType = "helm.sh/release.v1"

// largestRelease bounds what a release may unpack to, in bytes. What the API server
// keeps is at most 1 MiB, packed.
const largestRelease = 256 << 20

// release is what Helm remembers of a revision, as far as it names images.
type release struct {
	Manifest string `json:"manifest"`
	Hooks    []struct {
		Name     string `json:"name"`
		Manifest string `json:"manifest"`
	} `json:"hooks"`
}

// isRelease tells Helm's Secrets and ConfigMaps from others.
func isRelease(object *unstructured.Unstructured, resource string) bool {
	if resource == "secrets" {
		kind, _, _ := unstructured.NestedString(object.Object, "type")
		return kind == helmType
	}
	_, found, _ := unstructured.NestedString(object.Object, "data", "release")
	return found && object.GetLabels()["owner"] == "helm"
}

// release finds the images of a revision of Helm's. All kept revisions are reasons:
// helm rollback can bring back any.
func (s *scan) release(object *unstructured.Unstructured, w *walker) error {
	text, _, _ := unstructured.NestedString(object.Object, "data", "release")
	if s.of.name() == "secrets" {
		plain, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return errors.New("decoding a release of Helm: it is not in base64")
		}
		text = string(plain)
	}
	r, err := decodeRelease(text)
	if err != nil {
		return err
	}
	w.site.Why = HelmHistory
	if err := s.manifest("manifest", r.Manifest, w); err != nil {
		return err
	}
	for _, h := range r.Hooks {
		if err := s.manifest("hooks", h.Manifest, w); err != nil {
			return err
		}
	}
	return nil
}

// decodeRelease unpacks base64 of, normally, gzip of JSON. Its errors quote nothing
// of it.
func decodeRelease(text string) (*release, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("decoding a release of Helm: it is not in base64")
	}
	var plain io.Reader = bytes.NewReader(packed)
	if bytes.HasPrefix(packed, []byte{0x1f, 0x8b, 0x08}) {
		if plain, err = gzip.NewReader(plain); err != nil {
			return nil, fmt.Errorf("decoding a release of Helm: %w", err)
		}
	}
	limited := &io.LimitedReader{R: plain, N: largestRelease}
	var r release
	if err := json.NewDecoder(limited).Decode(&r); err != nil {
		return nil, fmt.Errorf("decoding a release of Helm: %w", errors.New(jsonTrouble(err)))
	}
	return &r, nil
}

// jsonTrouble says what is wrong with JSON without a word of its content.
func jsonTrouble(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return "it is cut short, or too large"
	case errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader):
		return err.Error()
	}
	return "it is no JSON of the expected form"
}

// document is an object of a manifest, as it was walked through first: revisions
// of a release repeat most of theirs.
type document struct {
	title string // KIND/NAME
	hits  []hit
}

type hit struct {
	image, field, why string
}

var (
	separator = regexp.MustCompile(`(?m)^---.*$`)
	// mayName is what a text has that has a pod specification.
	mayName = regexp.MustCompile(`image|reference`)
)

// manifest walks through the objects of a text in YAML.
func (s *scan) manifest(part, text string, w *walker) error {
	for _, doc := range separator.Split(text, -1) {
		if w.deep == nil && !mayName.MatchString(doc) && !deploys([]byte(doc)) {
			continue
		}
		key := sha256.Sum256([]byte(doc))
		d := s.charts[key]
		if d == nil {
			var err error
			if d, err = s.document(doc, w); err != nil {
				return err
			}
			s.charts[key] = d
		}
		for _, h := range d.hits {
			site := w.site
			site.Field, site.Why = part+"["+d.title+"]."+h.field, h.why
			s.found.add(h.image, false, site)
		}
	}
	return nil
}

func (s *scan) document(doc string, w *walker) (*document, error) {
	var object map[string]any
	if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
		// The error would quote the manifest, which may have secrets.
		return nil, errors.New("decoding a release of Helm: its manifest is no YAML")
	}
	u := unstructured.Unstructured{Object: object}
	d := &document{title: u.GetKind() + "/" + u.GetName()}
	inner := &walker{site: w.site, deep: w.deep, add: func(image string, _ bool, site Site) {
		d.hits = append(d.hits, hit{strings.Clone(image), site.Field, site.Why})
	}}
	if w.deep != nil && (u.GetKind() == "Secret" || u.GetKind() == "ConfigMap") {
		inner.encoded(object)
		return d, nil
	}
	inner.object(object)
	return d, nil
}
