// Command kubectl-xexec runs a command in one pod or in many and tells the truth
// about each. kubectl runs it as "kubectl xexec".
package main

import (
	"os"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
)

func main() { os.Exit(cli.Main(newCommand)) }
