package locate

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Credential is a login that a pull secret of the cluster has for a registry. It
// prints without its password.
type Credential struct {
	Host         string // as the secret names the registry
	Username     string
	Password     string `json:"-"`
	RefreshToken string `json:"-"` // instead of a password; "" if there is none
	Source       string // secret NAMESPACE/NAME
}

// String is the credential for messages.
func (c Credential) String() string {
	return fmt.Sprintf("user %q of %s for %s", c.Username, c.Source, c.Host)
}

// GoString keeps the password out of %#v.
func (c Credential) GoString() string { return c.String() }

// PullCredentials returns the logins that pull secrets of the namespaces (none: of all)
// have for one of the aliases, in the order of namespaces and names, each login once.
// Unread says which namespaces' secrets may not be listed: that is no failure.
func PullCredentials(ctx context.Context, client Client, namespaces, aliases []string) (found []Credential, unread []string, err error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, ns := range namespaces {
		for _, kind := range []corev1.SecretType{corev1.SecretTypeDockerConfigJson, corev1.SecretTypeDockercfg} {
			secrets, err := pullSecrets(ctx, client, ns, kind)
			if apierrors.IsForbidden(err) {
				unread = append(unread, "secrets in "+cmp.Or(ns, "all namespaces"))
				break
			}
			if err != nil {
				return nil, nil, fmt.Errorf("listing pull secrets: %w", err)
			}
			for i := range secrets {
				found = append(found, logins(&secrets[i], aliases)...)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Credential) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Host, b.Host))
	})
	return distinct(found), unread, nil
}

func pullSecrets(ctx context.Context, client Client, ns string, kind corev1.SecretType) ([]corev1.Secret, error) {
	var out []corev1.Secret
	err := pages(func(o metav1.ListOptions) (string, error) {
		o.FieldSelector = "type=" + string(kind)
		l, err := client.CoreV1().Secrets(ns).List(ctx, o)
		if err != nil {
			return "", err
		}
		out = append(out, l.Items...)
		return l.Continue, nil
	}, func() { out = nil })
	return out, err
}

// login is an entry of a docker configuration.
type login struct {
	Username      string `json:"username"`
	Password      string `json:"password"`
	Auth          string `json:"auth"`
	IdentityToken string `json:"identitytoken"`
}

// logins are the entries of a secret that name one of the aliases. A secret that
// cannot be read has none, as for a kubelet.
func logins(secret *corev1.Secret, aliases []string) []Credential {
	var entries map[string]login
	if text, ok := secret.Data[corev1.DockerConfigJsonKey]; ok {
		var file struct {
			Auths map[string]login `json:"auths"`
		}
		if json.Unmarshal(text, &file) == nil {
			entries = file.Auths
		}
	} else if json.Unmarshal(secret.Data[corev1.DockerConfigKey], &entries) != nil {
		return nil
	}
	var out []Credential
	for host, l := range entries {
		if !slices.ContainsFunc(aliases, func(alias string) bool { return names(host, alias) }) {
			continue
		}
		c := Credential{Host: host, Username: l.Username, Password: l.Password, RefreshToken: l.IdentityToken,
			Source: "secret " + secret.Namespace + "/" + secret.Name}
		if c.Username == "" && c.Password == "" {
			c.Username, c.Password = decodeAuth(l.Auth)
		}
		if c.Password != "" || c.RefreshToken != "" {
			out = append(out, c)
		}
	}
	return out
}

func decodeAuth(auth string) (username, password string) {
	text, err := base64.StdEncoding.DecodeString(auth)
	if err != nil {
		return "", ""
	}
	username, password, _ = strings.Cut(strings.TrimRight(string(text), "\x00"), ":")
	return username, password
}

// names says whether the host of a docker configuration means alias. It may be a URL,
// and its labels may be patterns, as kubelets take them.
func names(host, alias string) bool {
	_, rest, isURL := strings.Cut(host, "://")
	if !isURL {
		rest = host
	}
	rest, _, _ = strings.Cut(rest, "/")
	if strings.EqualFold(rest, alias) {
		return true
	}
	pattern, name := strings.Split(strings.ToLower(rest), "."), strings.Split(strings.ToLower(alias), ".")
	if len(pattern) != len(name) {
		return false
	}
	for i := range pattern {
		if ok, err := path.Match(pattern[i], name[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// distinct keeps the first of equal logins: the same secret is often in many
// namespaces.
func distinct(all []Credential) []Credential {
	type key struct{ username, password, token string }
	seen := map[key]bool{}
	return slices.DeleteFunc(all, func(c Credential) bool {
		k := key{c.Username, c.Password, c.RefreshToken}
		known := seen[k]
		seen[k] = true
		return known
	})
}
