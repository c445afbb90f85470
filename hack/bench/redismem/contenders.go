package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/hack/bench/process"
)

// answer is what every contender has to find.
type answer struct{ Keys, Bytes int64 }

// result is one measured run.
type result struct {
	seconds float64
	keys    int64
	rss     int64 // bytes, at its highest
}

func (r result) print(link, command string, times float64) {
	ratio := ""
	if times > 0 {
		ratio = fmt.Sprintf("%.1f", times)
	}
	fmt.Printf("| %s | %s | %.2f | %.0f | %s | %.1f MiB |\n", link, command, r.seconds, float64(r.keys)/r.seconds, ratio, float64(r.rss)/(1<<20))
}

func redismem(ctx context.Context, o options, args []string, truth answer) (result, error) {
	r, out, err := timed(ctx, o.plugin, append(args, "--sample", "off", "-o", "json")...)
	if err != nil {
		return r, err
	}
	var report struct {
		Totals   answer
		Coverage struct{ Complete bool }
		Groups   []answer
		Other    answer
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return r, fmt.Errorf("reading redismem's report: %w", err)
	}
	sum := report.Other
	for _, g := range report.Groups {
		sum.Keys += g.Keys
		sum.Bytes += g.Bytes
	}
	if !report.Coverage.Complete || report.Totals != truth || sum != truth {
		return r, fmt.Errorf("redismem found %+v, its groups sum to %+v; the truth is %+v", report.Totals, sum, truth)
	}
	r.keys = report.Totals.Keys
	return r, nil
}

var sampled = regexp.MustCompile(`Sampled (\d+) keys in the keyspace`)

// memkeys runs redis-cli; count is that of SCAN, 0 as it is shipped.
func memkeys(ctx context.Context, o options, addr string, count int, truth answer) (result, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return result{}, err
	}
	args := []string{"-h", host, "-p", port, "--memkeys"}
	if count > 0 {
		args = append(args, "--count", strconv.Itoa(count))
	}
	r, out, err := timed(ctx, o.redisCLI, args...)
	if err != nil {
		return r, err
	}
	m := sampled.FindSubmatch(out)
	if m == nil {
		return r, fmt.Errorf("redis-cli printed no summary")
	}
	if r.keys, err = strconv.ParseInt(string(m[1]), 10, 64); err != nil || r.keys != truth.Keys {
		return r, fmt.Errorf("redis-cli found %d keys, the truth is %d", r.keys, truth.Keys)
	}
	return r, nil
}

// timed runs a program and watches its memory. Its resource usage would not do:
// on Linux that begins with the memory of the process that started it.
func timed(ctx context.Context, program string, args ...string) (result, []byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return result{}, nil, err
	}
	done := make(chan struct{})
	peak := make(chan int64)
	go process.Peak(cmd.Process.Pid, done, peak)
	err := cmd.Wait()
	took := time.Since(start)
	close(done)
	r := result{seconds: took.Seconds(), rss: <-peak}
	if err != nil {
		return r, nil, fmt.Errorf("running %s: %w\n%s", program, err, errOut.String())
	}
	return r, out.Bytes(), nil
}
