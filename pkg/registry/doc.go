// Package registry talks to registries of container images: to Docker's and CNCF's
// distribution, versions 2 and 3, and to whatever else speaks their protocol,
// https://github.com/opencontainers/distribution-spec.
//
// It is for programs that decide by what a registry says, so it is exact where
// other clients are lenient. A manifest is always asked for with all media types
// (see [MediaTypes]) and hashed here; a body that was cut short or that is not what
// its digest says is an error. A 404 counts as "not there" only if the registry
// itself said it, not a proxy before it. Every refusal keeps its status and codes
// ([Error]).
//
// What it refuses to do: write anything by itself. It never moves a tag to delete
// it, never rewrites an index, never sends a credential to another host than the
// registry and the token server that the registry names, and never follows a
// redirect with anything but GET and HEAD.
package registry
