package locate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Getter asks a registry by HTTP, without credentials, as the challenge to whoever has
// none tells the product, and without following it to other hosts. A status is no
// error. Bodies may be cut off after 64 KiB.
type Getter interface {
	Get(ctx context.Context, path string) (status int, header http.Header, body []byte, err error)
}

// Identity is what a server shows of itself.
type Identity struct {
	Product  Product
	Evidence []string
	// Unsure names products that could not be excluded, as their paths did not answer.
	Unsure []Product
}

// Identify asks a server which product it is: by the headers of /v2/, then by paths
// that only one product has. UnknownProduct is one whose /v2/ is none of a registry's.
// It fails only if /v2/ gave no answer.
func Identify(ctx context.Context, server Getter) (Identity, error) {
	status, header, _, err := server.Get(ctx, "/v2/")
	if err != nil {
		return Identity{}, fmt.Errorf("asking the registry what it is: %w", err)
	}
	if p, why := byHeaders(header); p != UnknownProduct {
		return Identity{Product: p, Evidence: []string{why}}, nil
	}
	id := Identity{}
	for _, own := range ownPaths {
		status, _, body, err := server.Get(ctx, own.path)
		switch {
		case ctx.Err() != nil:
			return Identity{}, context.Cause(ctx)
		case err != nil || status >= http.StatusInternalServerError:
			id.Unsure = append(id.Unsure, own.product)
		case status == http.StatusOK && own.is(body):
			return Identity{Product: own.product, Evidence: []string{own.path + " answers as " + string(own.product) + " does"}}, nil
		}
	}
	answers := status == http.StatusOK || status == http.StatusUnauthorized
	if version := header.Get("Docker-Distribution-Api-Version"); answers && version != "" {
		id.Product = Distribution
		id.Evidence = []string{fmt.Sprintf("/v2/ answers %d with Docker-Distribution-Api-Version: %s", status, version)}
		return id, nil
	}
	id.Evidence = []string{fmt.Sprintf("/v2/ answers %d without Docker-Distribution-Api-Version", status)}
	return id, nil
}

// byHeaders knows a product by the headers of its answer to /v2/.
func byHeaders(h http.Header) (Product, string) {
	for _, known := range []struct {
		header  string
		product Product
	}{
		{"Gitlab-Container-Registry-Version", GitLab}, {"X-Registry-Supports-Signatures", OpenShift},
		{"X-Jfrog-Version", Artifactory}, {"X-Artifactory-Id", Artifactory}, {"X-Artifactory-Node-Id", Artifactory},
	} {
		if h.Get(known.header) != "" {
			return known.product, "its answers have the header " + known.header
		}
	}
	if strings.HasPrefix(h.Get("Server"), "Nexus/") {
		return Nexus, "its answers have the header Server: Nexus"
	}
	realm, service := challenge(h.Get("Www-Authenticate"))
	switch {
	case service == "harbor-registry":
		return Harbor, "it asks for tokens for the service harbor-registry"
	case strings.HasSuffix(realm, "/openshift/token"):
		return OpenShift, "it asks for tokens from /openshift/token"
	case service == "container_registry" && strings.HasSuffix(realm, "/v2/token"):
		return Gitea, "it asks for tokens for the service container_registry"
	case service == "container_registry" && strings.HasSuffix(realm, "/jwt/auth"):
		return GitLab, "it asks for tokens from /jwt/auth"
	}
	return UnknownProduct, ""
}

var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// challenge has the path of a challenge's realm and its service.
func challenge(text string) (realmPath, service string) {
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		switch strings.ToLower(m[1]) {
		case "realm":
			if u, err := url.Parse(m[2]); err == nil {
				realmPath = u.Path
			}
		case "service":
			service = m[2]
		}
	}
	return realmPath, service
}

// ownPaths are what only one product answers. A page for every path, as the programs
// in front of registries give it, is no JSON with these fields.
var ownPaths = []struct {
	path    string
	product Product
	is      func(body []byte) bool
}{
	{"/api/v2.0/systeminfo", Harbor, has("auth_mode")},
	{"/v2/_oci/ext/discover", Zot, contains("_zot")},
	{"/v2/_zot/ext/mgmt", Zot, has("distSpecVersion")},
	{"/api/forgejo/v1/version", Gitea, has("version")},
	{"/health/instance", Quay, has("data", "services")},
	{"/artifactory/api/system/ping", Artifactory, func(body []byte) bool { return strings.TrimSpace(string(body)) == "OK" }},
}

// has says whether a body is a JSON object with a field at the path.
func has(path ...string) func([]byte) bool {
	return func(body []byte) bool {
		for _, name := range path {
			var fields map[string]json.RawMessage
			if json.Unmarshal(body, &fields) != nil || fields[name] == nil {
				return false
			}
			body = fields[name]
		}
		return true
	}
}

func contains(text string) func([]byte) bool {
	return func(body []byte) bool { return json.Valid(body) && strings.Contains(string(body), text) }
}

// Check is the error for a server that is not to be pruned, nil if it is of
// distribution or may be. Name is the registry's, for the message.
func (i Identity) Check(name string) error {
	if i.Product == UnknownProduct {
		return fmt.Errorf("%s does not answer as a registry: %w", name, errors.New(strings.Join(i.Evidence, ", ")))
	}
	return i.Product.Refusal(name)
}
