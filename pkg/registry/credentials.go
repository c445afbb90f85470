package registry

import (
	"context"
	"fmt"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// Credential is what a client shows to a registry or to its token server. It does
// not print what it holds.
type Credential struct {
	Username      string
	Password      string
	IdentityToken string // exchanged for access tokens at the token server
	RegistryToken string // shown to the registry as it is
}

// String says nothing.
func (c Credential) String() string { return "(credential)" }

// GoString says nothing.
func (c Credential) GoString() string { return c.String() }

// DockerCredentials reads what `docker login` has written, by way of the helpers
// that Docker's configuration names. A host that it does not know is answered by the
// zero Credential.
func DockerCredentials() (func(ctx context.Context, host string) (Credential, error), error) {
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading Docker's credentials: %w", err)
	}
	ask := credentials.Credential(store)
	return func(ctx context.Context, host string) (Credential, error) {
		found, err := ask(ctx, host)
		if err != nil {
			return Credential{}, fmt.Errorf("asking Docker's credentials for %q: %w", host, err)
		}
		return Credential{found.Username, found.Password, found.RefreshToken, found.AccessToken}, nil
	}, nil
}

// credentialFunc answers for the registry only: after a redirect another host may
// ask as well, and it gets nothing.
func credentialFunc(ask func(context.Context, string) (Credential, error), host string) auth.CredentialFunc {
	return func(ctx context.Context, asking string) (auth.Credential, error) {
		if ask == nil || asking != host {
			return auth.EmptyCredential, nil
		}
		c, err := ask(ctx, host)
		if err != nil {
			return auth.EmptyCredential, permanent{fmt.Errorf("finding the credential for %q: %w", host, err)}
		}
		return auth.Credential{Username: c.Username, Password: c.Password, RefreshToken: c.IdentityToken, AccessToken: c.RegistryToken}, nil
	}
}
