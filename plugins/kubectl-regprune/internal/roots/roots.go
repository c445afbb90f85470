// Package roots finds out which images a cluster uses or can go back to, and where
// it says so ([Read]), and which tags and manifests of a registry these are ([Match]).
//
// Whatever it decides keeps images from being deleted. So it refuses to guess: it
// gives no view of a cluster of which a part could not be read, unless the user allows
// that by name, takes every host for the registry that is not known to be another
// one, and where a reference has several meanings, keeps them all. It writes nothing
// to a cluster, and keeps nothing of Secrets but names of images.
package roots

// Site is the place in a cluster that names an image.
type Site struct {
	Context   string `json:"context,omitempty"` // kubeconfig context
	Kind      string `json:"kind"`              // as in the API: Pod, ReplicaSet
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Field     string `json:"field"` // such as spec.containers[app].image
	// Why is one of the constants below.
	Why string `json:"why"`
}

// Why an image is kept.
const (
	InUse       = "in-use"       // a pod runs it, or a workload starts it
	Rollback    = "rollback"     // a revision that a workload can be rolled back to
	HelmHistory = "helm-history" // a release of Helm that can be rolled back to
	Mentioned   = "mentioned"    // --deep-scan found it in some object
)

// Reference is an image as one or more sites name it.
type Reference struct {
	// Image is the text as found: a reference as in a pod's specification, or an
	// imageID of a pod's status.
	Image string
	// Status says that the text comes from a status, where a bare sha256 can be a
	// config's, an index's or an image's.
	Status bool
	Sites  []Site
}
