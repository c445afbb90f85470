package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// job is one run of the plugin.
type job struct {
	pods     int // a sample's size, or all
	parallel int
	command  []string
	flags    []string // passed if the plugin has them, as --NAME=VALUE
	output   []string // instead of -o jsonl
	code     int      // the exit code that it must have
}

func (b *bench) args(j job) []string {
	args := []string{"-n", namespace, "-l", among(j.pods), "--parallel", strconv.Itoa(j.parallel)}
	if j.output == nil {
		j.output = []string{"-o", "jsonl"}
	}
	args = append(args, j.output...)
	always := []string{"--per-node=0", "--yes"}
	if b.o.supervisor != "" {
		always = append(always, "--supervisor="+b.o.supervisor)
	}
	j.flags = append(always, j.flags...)
	for _, flag := range j.flags {
		if flag != "" && b.has(flag) {
			args = append(args, flag)
		}
	}
	return append(append(args, "--"), j.command...)
}

// xexec runs the plugin and believes it if its exit code is the right one and
// check, if any, is content with what it printed.
func (b *bench) xexec(ctx context.Context, j job, check func(outcome) error) (outcome, error) {
	o, err := b.measured(ctx, nil, b.plugin, b.args(j)...)
	if err != nil {
		return o, err
	}
	if o.code != j.code {
		return o, fmt.Errorf("kubectl xexec ended with %d, not %d: %s", o.code, j.code, o.stderr)
	}
	return o, check(o)
}

// xargs is kubectl exec in every pod, as people write it. With xargs, the exit code
// is 0 only if each of them had 0.
func (b *bench) xargs(ctx context.Context, parallel int, command string) (outcome, error) {
	line := fmt.Sprintf("%s get pods -n %s -l %s -o name | xargs -P%d -I{} %s exec -n %s {} -- %s",
		b.o.kubectl, namespace, selector, parallel, b.o.kubectl, namespace, command)
	o, err := b.measured(ctx, nil, "sh", "-c", line)
	if err == nil && o.code != 0 {
		err = fmt.Errorf("xargs kubectl exec ended with %d: %.300s", o.code, o.stderr)
	}
	return o, err
}

// rows counts the outcomes in lines of -o jsonl, and insists on one for each pod.
func rows(out []byte, pods int) (map[string]int, error) {
	counts, seen := map[string]int{}, map[string]bool{}
	for line := range bytes.Lines(out) {
		var row struct {
			Pod, Outcome string
			ExitCode     *int
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, fmt.Errorf("reading a line of the report: %w", err)
		}
		if seen[row.Pod] {
			return nil, fmt.Errorf("pod %q is in the report twice", row.Pod)
		}
		if row.Outcome == "ok" && (row.ExitCode == nil || *row.ExitCode != 0) {
			return nil, fmt.Errorf("pod %q is ok without the exit code 0", row.Pod)
		}
		seen[row.Pod] = true
		counts[row.Outcome]++
	}
	if len(seen) != pods {
		return nil, fmt.Errorf("the report has %d pods, not %d", len(seen), pods)
	}
	return counts, nil
}

// allOK insists that the command succeeded in every pod.
func allOK(pods int) func(outcome) error {
	return func(o outcome) error {
		counts, err := rows(o.stdout, pods)
		if err == nil && counts["ok"] != pods {
			err = fmt.Errorf("outcomes %v, not %d times ok", counts, pods)
		}
		return err
	}
}

// middle is the run of median wall time, with the highest peak of them all.
func middle(runs []outcome) usage {
	slices.SortFunc(runs, func(a, b outcome) int { return cmp.Compare(a.wall, b.wall) })
	u := runs[len(runs)/2].usage
	for _, r := range runs {
		u.rss = max(u.rss, r.rss)
	}
	return u
}
