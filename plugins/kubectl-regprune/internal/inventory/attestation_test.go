package inventory

import (
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// TestAttestationsHaveNoDate: what docker buildx pushes by default is an image
// and its provenance, whose config has no date.
func TestAttestationsHaveNoDate(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	c := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{image("amd"), registrytest.Image{Platform: "unknown/unknown", Layers: [][]byte{[]byte("{}")}}}}, "1")
	g, err := Read(t.Context(), s.Client(), Options{Dates: always})
	if err != nil {
		t.Fatal(err)
	}
	m := g.Manifests[c.Digest]
	if m.Created.IsZero() {
		t.Error("the date of an image with a provenance attestation is not known")
	}
}
