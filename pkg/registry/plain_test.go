package registry

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	plainImage = `{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:aa", "size": 7},
  "layers": [{"mediaType": "x", "digest": "sha256:bb", "size": 0, "annotations": {"a": "b"}}, {}],
  "annotations": {}, "subject": {"digest": "sha256:cc"}, "artifactType": "t"
}` + "\n"
	plainIndex = `{"schemaVersion":2,"manifests":[{"digest":"d","size":12345678901,"platform":{"os":"linux","architecture":"arm","variant":"v7"}}],"layers":[]}`
)

// FuzzPlain: what is read the fast way is what encoding/json reads.
func FuzzPlain(f *testing.F) {
	for _, text := range append([]string{plainImage, plainIndex, `{}`, ` { } `, `{"size":01}`}, odd...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, ok := plainDocument(body)
		if !ok {
			return
		}
		var want document
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("%q is no JSON: %v", body, err)
		}
		if diff := cmp.Diff(want, *got, cmp.AllowUnexported(document{}), cmpopts.IgnoreFields(document{}, "of")); diff != "" {
			t.Error(diff)
		}
	})
}

// odd are texts that are not for the fast way.
var odd = []string{
	``, `{`, `[]`, `{}x`, `{"mediaType":"a"`, `{"mediaType":"a",}`, `{"mediaType":null}`, `{"mediaType":"a\n"}`, `{"mediaType":"ä"}`, "{\"mediaType\":\"\x7f\"}",
	`{"MEDIATYPE":"a"}`, `{"mediaType":"a","mediaType":"b"}`, `{"schemaVersion":1.5}`, `{"schemaVersion":-1}`, `{"schemaVersion":02}`, `{"schemaVersion":}`,
	`{"schemaVersion":99999999999999999999}`, `{"config":null}`, `{"config":{"urls":[]}}`, `{"fsLayers":[]}`, `{"layers":[null]}`, `{"layers":[{},]}`,
	`{"config":{"platform":{"os.version":"1"}}}`, `{"annotations":{"a":1}}`,
}

func TestPlain(t *testing.T) {
	for _, text := range []string{plainImage, plainIndex} {
		if _, ok := plainDocument([]byte(text)); !ok {
			t.Errorf("not read the fast way: %s", text)
		}
	}
	for _, text := range odd {
		if d, ok := plainDocument([]byte(text)); ok {
			t.Errorf("%s: %+v", text, d)
		}
	}
}

func BenchmarkDocument(b *testing.B) {
	for b.Loop() {
		if _, err := readDocument([]byte(plainImage)); err != nil {
			b.Fatal(err)
		}
	}
}
