package locate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func pullSecret(ns, name string, kind corev1.SecretType, text string) *corev1.Secret {
	key := corev1.DockerConfigJsonKey
	if kind == corev1.SecretTypeDockercfg {
		key = corev1.DockerConfigKey
	}
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Type: kind, Data: map[string][]byte{key: []byte(text)}}
}

// TestPullCredentials are those for the registry's own names, and never print.
func TestPullCredentials(t *testing.T) {
	auth := base64.StdEncoding.EncodeToString([]byte("bob:pa:ss-of-the-test"))
	s, client := world(t)
	s.Put(
		pullSecret("a", "one", corev1.SecretTypeDockerConfigJson, `{"auths":{"https://images.example.test/v2/":{"auth":"`+auth+`"},"docker.io":{"username":"x","password":"no-of-the-test"}}}`),
		pullSecret("a", "broken", corev1.SecretTypeDockerConfigJson, `{`),
		pullSecret("b", "copy", corev1.SecretTypeDockerConfigJson, `{"auths":{"images.example.test":{"auth":"`+auth+`"}}}`),
		pullSecret("b", "old", corev1.SecretTypeDockercfg, `{"LOCALHOST:32000":{"username":"eve","password":"old-of-the-test"}}`),
		pullSecret("b", "token", corev1.SecretTypeDockerConfigJson, `{"auths":{"*.example.test":{"identitytoken":"tok-of-the-test"}}}`),
		pullSecret("c", "six", corev1.SecretTypeDockerConfigJson, `{"auths":{"[fd00::1]:5000":{"username":"six","password":"six-of-the-test"},"a.images.example.test":{"username":"n","password":"n"}}}`),
	)
	aliases := []string{"images.example.test", "localhost:32000", "[fd00::1]:5000"}
	found, unread, err := PullCredentials(t.Context(), client, nil, aliases)
	var got []string
	for _, c := range found {
		got = append(got, c.Source+"="+c.Username+":"+c.Password+c.RefreshToken)
	}
	want := "secret a/one=bob:pa:ss-of-the-test secret b/old=eve:old-of-the-test secret b/token=:tok-of-the-test secret c/six=six:six-of-the-test"
	if strings.Join(got, " ") != want || err != nil || unread != nil {
		t.Errorf("got %q (%q, %v)\nwant %s", got, unread, err, want)
	}
	text, _ := json.Marshal(found)
	for _, printed := range []string{fmt.Sprint(found), fmt.Sprintf("%+v", found), fmt.Sprintf("%#v", found), string(text)} {
		if strings.Contains(printed, "of-the-test") {
			t.Errorf("a password shows: %s", printed)
		}
	}
	s.Deny(kubetest.Rule{Resource: "secrets", Namespace: "b"})
	found, unread, err = PullCredentials(t.Context(), client, []string{"b", "c"}, aliases)
	if err != nil || len(found) != 1 || len(unread) != 1 || unread[0] != "secrets in b" {
		t.Errorf("forbidden: %v, %q, %v", found, unread, err)
	}
}
