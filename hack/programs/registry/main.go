// Command registry is distribution's registry with the parts that tests need: the
// filesystem driver and the htpasswd and token schemes, without the clients of any
// cloud. It takes `serve CONFIG` and `garbage-collect [-d] [-m] CONFIG`.
package main

import (
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}
