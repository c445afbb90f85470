// Testcount runs `go test` and says how many tests passed and failed.
//
//	go run ./hack/testcount -race ./...
//
// Its arguments are those of go test. It prints one line for each package, the
// whole output of every test that failed, and last, alone on its line:
//
//	N passed, N failed
//
// A test with subtests counts through them. A package that does not build, dies
// or times out counts as one failure, and so does a run in which no test ran:
// a count of nothing proves nothing. The exit code is 0 only without failures.
//
// TESTCOUNT_FILE names a file to which the two numbers are appended, for a
// script that sums up several runs.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	// Ctrl-C reaches go test too; it ends, and the count so far is printed.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)

	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		fmt.Fprintf(os.Stderr, "testcount: making a pipe: %v\n", err)
		return 1
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "testcount: starting go test: %v\n", err)
		return 1
	}
	c := newCounter(os.Stdout)
	readErr := c.read(events)
	waitErr := cmd.Wait()
	c.finish(errors.Join(readErr, waitErr))

	fmt.Println(c)
	if err := c.appendTo(os.Getenv("TESTCOUNT_FILE")); err != nil {
		fmt.Fprintf(os.Stderr, "testcount: %v\n", err)
		return 1
	}
	if c.failed > 0 {
		return 1
	}
	return 0
}
