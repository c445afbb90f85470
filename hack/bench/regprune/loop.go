package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// loopCommand is the argument that makes this program the bare loop, a process of its
// own as the plugin is one.
const loopCommand = "bare-loop"

// bare sends one request for each path, and believes it if all had the status want.
// An empty path is a wait for all before it.
func (b *bench) bare(url, method string, want, conns int, paths []string) (outcome, error) {
	self, err := os.Executable()
	if err != nil {
		return outcome{}, err
	}
	o, err := b.measured(strings.NewReader(strings.Join(paths, "\n")), nil, self, loopCommand,
		"-url", url, "-method", method, "-want", strconv.Itoa(want), "-conns", strconv.Itoa(conns))
	if err == nil && o.code != 0 {
		err = fmt.Errorf("the bare loop: %s", o.stderr)
	}
	return o, err
}

func loop(args []string) error {
	flags := flag.NewFlagSet(loopCommand, flag.ContinueOnError)
	url := flags.String("url", "", "address of the registry")
	method := flags.String("method", http.MethodGet, "method of all requests")
	want := flags.Int("want", http.StatusOK, "status of all answers")
	conns := flags.Int("conns", 8, "connections")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *conns, DisableCompression: true}}
	defer client.CloseIdleConnections()
	l := &looper{client: client, method: *method, want: *want, accept: strings.Join(registry.MediaTypes, ", "), failed: make(chan error, 1)}
	lines := bufio.NewScanner(os.Stdin)
	for more := true; more; {
		more = l.batch(*url+"/v2/", *conns, lines)
	}
	select {
	case err := <-l.failed:
		return err
	default:
		return lines.Err()
	}
}

type looper struct {
	client         *http.Client
	method, accept string
	want           int
	failed         chan error
}

// batch asks for the paths up to an empty line or the end, and reports whether there
// are more.
func (l *looper) batch(prefix string, conns int, lines *bufio.Scanner) (more bool) {
	todo := make(chan string, conns)
	var workers sync.WaitGroup
	for range conns {
		workers.Go(func() {
			for url := range todo {
				if err := l.ask(url); err != nil {
					select {
					case l.failed <- err:
					default: // the first one is enough
					}
				}
			}
		})
	}
	for lines.Scan() {
		if lines.Text() == "" {
			more = true
			break
		}
		todo <- prefix + lines.Text()
	}
	close(todo)
	workers.Wait()
	return more
}

func (l *looper) ask(url string) error {
	req, err := http.NewRequest(l.method, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", l.accept)
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != l.want {
		return fmt.Errorf("%s %s: %s", l.method, url, resp.Status)
	}
	return nil
}
