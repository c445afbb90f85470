// Command kubectl-redismem shows which key patterns take how much memory of a
// Redis. kubectl runs it as "kubectl redismem".
package main

import (
	"os"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
)

func main() { os.Exit(cli.Main(newCommand)) }
