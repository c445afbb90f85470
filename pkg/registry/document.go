package registry

import (
	"encoding/json"
	"errors"
)

// document is the JSON of a manifest of any kind.
type document struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *Descriptor       `json:"config"`
	Layers        []Descriptor      `json:"layers"`
	Manifests     []Descriptor      `json:"manifests"`
	Subject       *Descriptor       `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
	FSLayers      []struct {
		BlobSum string `json:"blobSum"`
	} `json:"fsLayers"`

	of []byte // what was read
}

func readDocument(body []byte) (*document, error) {
	if d, ok := plainDocument(body); ok {
		return d, nil
	}
	d := &document{of: body}
	if err := json.Unmarshal(body, d); err != nil {
		return nil, err
	}
	return d, nil
}

// isOf reports whether the document was read from body.
func (d *document) isOf(body []byte) bool {
	return len(body) == len(d.of) && len(body) > 0 && &body[0] == &d.of[0]
}

// readHead reads a document that names a media type, and nothing else of it if the rest
// makes no sense: that is for [Manifest.Parse] to say.
func readHead(body []byte) (mediaType string, doc *document, err error) {
	doc, err = readDocument(body)
	if err == nil {
		return doc.MediaType, doc, nil
	}
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); !odd {
		return "", nil, err
	}
	var head struct {
		SchemaVersion int    `json:"schemaVersion"`
		MediaType     string `json:"mediaType"`
	}
	err = json.Unmarshal(body, &head)
	return head.MediaType, nil, err
}
