package main

import (
	"fmt"
	"strconv"
	"strings"
)

// planRun is a plan to measure: what it is called in the table, and its flags.
type planRun struct {
	words string
	args  []string
}

// memory measures plans of very many tags. The registry is made up on the fly: only the
// client counts here, and a real store would be millions of files.
func memory(b *bench) error {
	fmt.Printf("\n## Memory\n\n%d tags, no two with the same image; load average %s\n\n", b.o.big, loadAverage())
	fmt.Println("| an image has | output | rules | seconds | CPU s | peak RSS | bar |\n|---|---|---|---|---|---|---|")
	for _, images := range []struct {
		words       string
		shared, own int // layers
	}{{"1 layer, which all share", 1, 0}, {"6 layers, one of its own", 5, 1}} {
		f := newFakeRegistry(100, b.o.big/100, images.shared, images.own)
		url, err := b.serve(f)
		if err != nil {
			return err
		}
		half := []string{"--keep-number", ">=" + strconv.Itoa(f.tags/2), "--min-age", "0s"}
		runs := []planRun{
			{"json | dates", byDate}, {"table | half go", append(half, "-o", "table")},
			{"json | names", byName}, {"json | half go", half},
		}
		if images.own > 0 {
			runs = runs[:2] // the others say little more
		}
		for _, run := range runs {
			args := append([]string{"--registry", url, "--no-cluster", "-q", "-o", "json"}, run.args...)
			o, err := b.regprune(b.TempDir(), args...)
			if err != nil {
				return err
			}
			if want := strconv.Itoa(f.tags * f.repositories); !strings.Contains(string(o.stdout), want) {
				return fmt.Errorf("%w: not %s tags", errWrong, want)
			}
			const mb, bar = 1e6, 150
			fmt.Printf("| %s | %s | %.1f | %.1f | %.0f MB | %d MB, %s |\n", images.words, run.words, o.wall.Seconds(), o.cpu.Seconds(), float64(o.rss)/mb, bar, verdict(o.rss <= bar*mb))
		}
	}
	return nil
}
