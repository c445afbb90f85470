// Command kubectl-regprune removes images from a registry in a cluster without
// breaking what runs there or can be rolled back to. kubectl runs it as
// "kubectl regprune".
package main

import (
	"os"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
)

func main() {
	frugal()
	os.Exit(cli.Main(newCommand))
}
