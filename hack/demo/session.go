package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// session runs commands as a person in a terminal would.
type session struct {
	cluster *cluster
	env     []string
	direct  bool // without kubectl in between
}

// line is the command line as it is run and shown.
func (s *session) line(text string) string {
	for _, plugin := range plugins {
		if s.direct {
			text = strings.ReplaceAll(text, strings.Replace(plugin, "-", " ", 1), plugin)
		}
	}
	return text
}

// do shows one step and checks it.
func (s *session) do(ctx context.Context, step step) error {
	s.cluster.cut(step.cut)
	fmt.Printf("\n# %s\n$ %s\n", step.why, s.line(step.run))
	var seen bytes.Buffer
	code, err := s.sh(ctx, step.run, io.MultiWriter(os.Stdout, &seen), io.MultiWriter(os.Stdout, &seen))
	if err != nil {
		return err
	}
	if step.code != 0 {
		fmt.Printf("$ echo $?\n%d\n", code)
	}
	if code != step.code {
		return fmt.Errorf("%q ended with %d, not %d", step.run, code, step.code)
	}
	for _, want := range step.wants {
		if !strings.Contains(seen.String(), want) {
			return fmt.Errorf("%q did not print %q", step.run, want)
		}
	}
	return nil
}

// sh runs a command line, for a minute at most, and returns its exit code.
func (s *session) sh(ctx context.Context, text string, stdout, stderr io.Writer) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", s.line(text))
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, stdout, stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited || ctx.Err() != nil {
		return 0, fmt.Errorf("running %q: %w", text, errors.Join(err, context.Cause(ctx)))
	}
	return cmd.ProcessState.ExitCode(), nil
}

// checkCount compares the report with what the demo itself put into Redis.
func (s *session) checkCount(ctx context.Context) error {
	var out bytes.Buffer
	code, err := s.sh(ctx, "kubectl redismem -q -n prod --top 1 -o json", &out, os.Stderr)
	if err != nil || code != 0 {
		return errors.Join(err, fmt.Errorf("the JSON report ended with %d", code))
	}
	type figures struct{ Keys, Bytes int64 }
	var report struct {
		Totals, Other figures
		Groups        []figures
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return fmt.Errorf("reading the JSON report: %w", err)
	}
	sum := report.Other
	for _, g := range report.Groups {
		sum.Keys, sum.Bytes = sum.Keys+g.Keys, sum.Bytes+g.Bytes
	}
	if report.Totals != sum || sum.Keys != s.cluster.keys {
		return fmt.Errorf("redismem counted %+v in groups and %+v in all; Redis holds %d keys", sum, report.Totals, s.cluster.keys)
	}
	fmt.Printf("\nChecked: groups and other add up to %d keys, exactly what Redis holds.\n", s.cluster.keys)
	return nil
}

// checkTags looks whether the registry has every tag that it began with: what was
// deleted has been put back.
func (s *session) checkTags(ctx context.Context) error {
	tags, err := s.cluster.registry.tags(ctx, "shop/api")
	if err != nil {
		return err
	}
	if len(tags) != builds+1 { // and latest
		return fmt.Errorf("the registry has %d tags of shop/api, not %d: %v", len(tags), builds+1, tags)
	}
	fmt.Printf("Checked: the registry has all %d tags of shop/api again.\n", len(tags))
	return nil
}
