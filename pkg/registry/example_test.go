package registry_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Print what every tag of a registry stands for.
func Example() {
	credentials, err := registry.DockerCredentials()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	client, err := registry.New(registry.Options{
		Base:       &url.URL{Scheme: "https", Host: "registry.example:5000"},
		Credential: credentials,
		OnRetry: func(a registry.Attempt) {
			fmt.Fprintf(os.Stderr, "%v; trying again in %s\n", a.Err, a.Wait.Round(time.Second))
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	for repo, err := range client.Repositories(ctx, 0) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		tags, err := client.Tags(ctx, repo)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		for _, tag := range tags {
			m, err := client.Manifest(ctx, repo, tag)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				continue
			}
			fmt.Println(repo, tag, m.MediaType, m.Digest)
		}
	}
}
