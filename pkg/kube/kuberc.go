package kube

import (
	"fmt"
	"io"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/kubectl/pkg/kuberc"
)

// credentialPolicy is the user's rule, from kuberc, about which credential
// plugins may run. kubectl applies it to its own commands only; a plugin that
// does not ask runs what the user forbade. KUBERC=off turns it off.
func credentialPolicy(errOut io.Writer) (clientcmdapi.PluginPolicy, error) {
	pref, err := kuberc.DefaultGetPreferences("", errOut)
	if err != nil {
		return clientcmdapi.PluginPolicy{}, fmt.Errorf("reading the credential plugin policy: %w", err)
	}
	if pref == nil {
		return clientcmdapi.PluginPolicy{}, nil
	}
	policy := clientcmdapi.PluginPolicy{PolicyType: clientcmdapi.PolicyType(pref.CredentialPluginPolicy)}
	for _, entry := range pref.CredentialPluginAllowlist {
		policy.Allowlist = append(policy.Allowlist, clientcmdapi.AllowlistEntry(entry))
	}
	return policy, nil
}
