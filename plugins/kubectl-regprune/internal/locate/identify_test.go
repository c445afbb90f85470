package locate

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// getter asks a server of the test.
type getter struct{ url string }

func (g getter) Get(ctx context.Context, path string) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+path, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, body, err
}

// TestProductsAreKnownByTheirAnswers: the header of /v2/ first, a path of their own
// otherwise.
func TestProductsAreKnownByTheirAnswers(t *testing.T) {
	const page = "<html>registry ui</html>"
	for _, tc := range []struct {
		name, header, value string
		status              int // of /v2/
		path, body          string
		want                Product
		unsure              int
	}{
		{name: "distribution", header: "Docker-Distribution-Api-Version", value: "registry/2.0", status: 401, want: Distribution},
		{name: "behind a page for all paths", header: "Docker-Distribution-Api-Version", value: "registry/2.0", status: 200, path: "*", body: page, want: Distribution},
		{name: "a page", status: 200, path: "*", body: page, want: UnknownProduct},
		{name: "gitlab", header: "Gitlab-Container-Registry-Version", value: "4.5.0", status: 401, want: GitLab},
		{name: "artifactory", header: "X-JFrog-Version", value: "Artifactory/7", status: 401, want: Artifactory},
		{name: "nexus", header: "Server", value: "Nexus/3.70 (COMMUNITY)", status: 200, want: Nexus},
		{name: "harbor by its challenge", header: "Www-Authenticate", value: `Bearer realm="https://h/service/token",service="harbor-registry"`, status: 401, want: Harbor},
		{name: "gitea", header: "Www-Authenticate", value: `Bearer realm="https://g/v2/token",service="container_registry",scope="*"`, status: 401, want: Gitea},
		{name: "openshift", header: "Www-Authenticate", value: `Bearer realm="https://o/openshift/token"`, status: 401, want: OpenShift},
		{name: "a token server of one's own", header: "Www-Authenticate", value: `Bearer realm="https://x/token",service="mine"`, status: 401, want: UnknownProduct},
		{name: "harbor by its API", status: 200, path: "/api/v2.0/systeminfo", body: `{"auth_mode":"db_auth"}`, want: Harbor},
		{name: "zot", status: 200, path: "/v2/_oci/ext/discover", body: `{"extensions":[{"name":"_zot"}]}`, want: Zot},
		{name: "quay", status: 401, path: "/health/instance", body: `{"data":{"services":{"registry_gunicorn":true}},"status_code":200}`, want: Quay},
		{name: "other paths fail", header: "Docker-Distribution-Api-Version", value: "registry/2.0", status: 200, path: "!", want: Distribution, unsure: len(ownPaths)},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v2/":
				if tc.header != "" {
					w.Header().Set(tc.header, tc.value)
				}
				w.WriteHeader(tc.status)
			case r.URL.Path == tc.path || tc.path == "*":
				io.WriteString(w, tc.body)
			case tc.path == "!":
				w.WriteHeader(http.StatusBadGateway)
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		}))
		id, err := Identify(t.Context(), getter{server.URL})
		server.Close()
		if err != nil || id.Product != tc.want || len(id.Evidence) == 0 || len(id.Unsure) != tc.unsure {
			t.Errorf("%s: %+v, %v", tc.name, id, err)
		}
		err = id.Check("it")
		if (err == nil) != (tc.want == Distribution) || errors.Is(err, ErrForeign) && hint.Of(err) == "" {
			t.Errorf("%s: %v (%s)", tc.name, err, hint.Of(err))
		}
	}
	if _, err := Identify(t.Context(), getter{"http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "asking the registry what it is") {
		t.Errorf("no server: %v", err)
	}
}
