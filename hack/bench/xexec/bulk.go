package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

const (
	bulkPods  = 200
	bulkBytes = 10 * mib
)

// bulkCommand prints numbers, one a line, cut at bulkBytes in the middle of one.
var bulkCommand = []string{"sh", "-c", fmt.Sprintf("seq 1 2000000 | head -c %d", bulkBytes)}

// bulkTruth is what it prints.
func bulkTruth() []byte {
	var out []byte
	for i := int64(1); len(out) < bulkBytes; i++ {
		out = append(strconv.AppendInt(out, i, 10), '\n')
	}
	return out[:bulkBytes]
}

// bulkCases are ways of getting 10 MiB out of each of 200 pods.
var bulkCases = []struct {
	needs  string // the flag without which there is no such case
	output func(dir string) []string
	check  func(o outcome, dir string) error
	bar    int64 // MiB
}{
	{"--group", func(string) []string { return []string{"--group", "--lines", "0"} }, groupIsExact, 150},
	{"--output-dir", func(dir string) []string { return []string{"--output-dir", dir, "-o", "name"} }, filesAreExact, 150},
}

func bulk(ctx context.Context, b *bench) error {
	fmt.Printf("\n%d pods, 10 MiB from each, byte-exact\n\n| output | seconds | CPU seconds | peak RSS | bar |\n|---|---|---|---|---|\n", bulkPods)
	for _, c := range bulkCases {
		if !b.has(c.needs) {
			fmt.Printf("| %s | not measured: there is no such flag | | | |\n", c.needs)
			continue
		}
		dir := filepath.Join(b.dir, "out")
		j := job{pods: bulkPods, parallel: 64, command: bulkCommand, output: c.output(dir)}
		o, err := b.xexec(ctx, j, func(o outcome) error { return c.check(o, dir) })
		if err != nil {
			return fmt.Errorf("with %s: %w", c.needs, err)
		}
		fmt.Println(o.row(c.needs), fmt.Sprintf("%d MiB, %s |", c.bar, verdict(o.rss <= c.bar*mib)))
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// groupIsExact finds the output once, whatever stands around it.
func groupIsExact(o outcome, _ string) error {
	if n := bytes.Count(o.stdout, bulkTruth()); n != 1 {
		return fmt.Errorf("the output of all pods, which is the same, is there %d times, not once, in %d bytes", n, len(o.stdout))
	}
	return nil
}

// filesAreExact finds the output in as many files as there are pods.
func filesAreExact(_ outcome, dir string) error {
	truth, exact := sha256.Sum256(bulkTruth()), 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && sha256.Sum256(data) == truth {
			exact++
		}
		return err
	})
	if exact != bulkPods {
		err = errors.Join(err, fmt.Errorf("%d files hold what the command printed, not %d", exact, bulkPods))
	}
	return err
}
