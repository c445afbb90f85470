package main

import (
	"context"
	"fmt"
	"time"
)

const mib = 1 << 20

// besideXargs runs the plugin twice before kubectl exec and once after, because a
// machine that is shared slows down and speeds up. Supervised, as by default, the
// plugin does more than kubectl exec: the bars are for the same work.
func besideXargs(ctx context.Context, b *bench) error {
	fmt.Printf("\n`true` in %d pods, 64 at once\n\n| command | seconds | CPU seconds | peak RSS | times faster | times less CPU |\n|---|---|---|---|---|---|\n", b.o.pods)
	modes := []string{"--supervisor=never", "--supervisor=auto"}
	if !b.has(modes[0]) {
		modes = []string{""}
	}
	ours := make([][]outcome, len(modes))
	var theirs outcome
	for i := range 3 {
		if i == 2 && !b.o.skipSlow {
			var err error
			if theirs, err = b.xargs(ctx, 64, "true"); err != nil {
				return err
			}
			fmt.Println(theirs.row("xargs -P64 kubectl exec"), "| |")
		}
		for m, mode := range modes {
			j := job{pods: b.o.pods, parallel: 64, command: []string{"true"}, flags: []string{mode}}
			o, err := b.xexec(ctx, j, allOK(j.pods))
			if err != nil {
				return err
			}
			ours[m] = append(ours[m], o)
		}
	}
	for m, mode := range modes {
		u := middle(ours[m])
		fmt.Println(u.row("kubectl xexec --parallel 64 "+mode), beside(u, theirs.usage))
	}
	return nil
}

// beside are the ratios with their bars.
func beside(ours, theirs usage) string {
	if theirs.wall == 0 {
		return "| |"
	}
	wall, cpu := theirs.wall.Seconds()/ours.wall.Seconds(), theirs.cpu.Seconds()/ours.cpu.Seconds()
	return fmt.Sprintf("%.1f (bar: 10, %s) | %.0f (bar: 20, %s) |", wall, verdict(wall >= 10), cpu, verdict(cpu >= 20))
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

// memory compares peaks at two widths and two numbers of targets.
func memory(ctx context.Context, b *bench) error {
	fmt.Print("\n| pods | parallel | seconds | CPU seconds | peak RSS | bar |\n|---|---|---|---|---|---|\n")
	for _, c := range []struct {
		pods, parallel int
		bar            int64
	}{{250, 64, 80}, {b.o.pods, 64, 80}, {250, 256, 130}, {b.o.pods, 256, 130}} {
		j := job{pods: c.pods, parallel: c.parallel, command: []string{"echo", "hello"}}
		var runs []outcome
		for range 3 {
			o, err := b.xexec(ctx, j, allOK(c.pods))
			if err != nil {
				return err
			}
			runs = append(runs, o)
		}
		u := middle(runs)
		fmt.Println(u.row(fmt.Sprintf("%d | %d", c.pods, c.parallel)), fmt.Sprintf("%d MiB, %s |", c.bar, verdict(u.rss <= c.bar*mib)))
	}
	return nil
}

// sleeping is all targets at once, each a second long.
func sleeping(ctx context.Context, b *bench) error {
	j := job{pods: 100, parallel: 100, command: []string{"sleep", "1"}}
	var runs []outcome
	for range 3 {
		o, err := b.xexec(ctx, j, allOK(j.pods))
		if err != nil {
			return err
		}
		runs = append(runs, o)
	}
	u := middle(runs)
	const bar = 1400 * time.Millisecond
	fmt.Printf("\n100 × `sleep 1`, 100 at once: %.2f s, %.2f CPU s, %.1f MiB (bar: %.1f s, %s)\n",
		u.wall.Seconds(), u.cpu.Seconds(), float64(u.rss)/mib, bar.Seconds(), verdict(u.wall <= bar))
	return nil
}
