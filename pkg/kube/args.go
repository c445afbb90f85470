package kube

import "strings"

// Args are the flags that choose the cluster and the user, as far as they were
// given, quoted for a shell: "--context", "staging", "--as", "jane". A command that
// is suggested to the user needs them to mean the same cluster. The namespace is
// not among them. A token is not repeated; $TOKEN stands in its place.
func (f *Flags) Args() []string {
	c := f.flags
	var args []string
	add := func(flag string, value *string) {
		if value != nil && *value != "" {
			args = append(args, "--"+flag, Quote(*value))
		}
	}
	add("kubeconfig", c.KubeConfig)
	add("context", c.Context)
	add("cluster", c.ClusterName)
	add("user", c.AuthInfoName)
	add("server", c.APIServer)
	add("tls-server-name", c.TLSServerName)
	add("certificate-authority", c.CAFile)
	add("proxy-url", c.ProxyURL)
	if c.Insecure != nil && *c.Insecure {
		args = append(args, "--insecure-skip-tls-verify")
	}
	add("client-certificate", c.CertFile)
	add("client-key", c.KeyFile)
	if c.BearerToken != nil && *c.BearerToken != "" {
		args = append(args, "--token", `"$TOKEN"`)
	}
	add("as", c.Impersonate)
	add("as-uid", c.ImpersonateUID)
	addAll := func(flag string, values *[]string) {
		for i := range *values {
			add(flag, &(*values)[i])
		}
	}
	addAll("as-group", c.ImpersonateGroup)
	addAll("as-user-extra", c.ImpersonateUserExtra)
	return args
}

// plain are the characters that no shell gives a meaning to.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"

// Quote writes word so that a POSIX shell reads it back as one word. What needs no
// quotes gets none.
func Quote(word string) string {
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
