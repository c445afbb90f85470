package main

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

//go:embed prune.sh
var pruneScript string

// script compares the inventories of the plugin and of the script.
func script(b *bench) error {
	fmt.Printf("\n## Beside the script: bash, and a curl for each tag\n\n%d tags in %d repositories, one round; load average %s\n\n", b.o.scriptTags, repositories, loadAverage())
	fmt.Println("| server | what | seconds | CPU s of the client | times faster | bar |\n|---|---|---|---|---|---|")
	return b.each(func(v registrytest.Version) error {
		s, err := b.store(v, b.o.scriptTags)
		if err != nil {
			return err
		}
		once := *b
		once.o.rounds = 1 // it is slow enough
		both, err := once.rounds(
			func() (outcome, error) { return b.listed(s) },
			func() (outcome, error) { return b.cold(s, byName...) },
		)
		if err != nil {
			return err
		}
		times := both[0].wall.Seconds() / both[1].wall.Seconds()
		fmt.Printf("| %s | script, digest of each tag | %.2f | %.2f | | |\n", v, both[0].wall.Seconds(), both[0].cpu.Seconds())
		fmt.Printf("| %s | regprune, manifest of each tag and a plan | %.2f | %.2f | %.1f | 5, %s |\n", v, both[1].wall.Seconds(), both[1].cpu.Seconds(), times, verdict(times >= 5))
		s.server.Stop()
		return nil
	})
}

// listed is the script's inventory: the digest of each tag.
func (b *bench) listed(s *store) (outcome, error) {
	o, err := b.script(nil, "list", s.server.URL)
	if n := bytes.Count(o.stdout, []byte("sha256:")); err == nil && n != s.tags {
		err = fmt.Errorf("%w: the script found %d digests of %d tags: %.300s", errWrong, n, s.tags, o.stderr)
	}
	return o, err
}

func (b *bench) script(env []string, verb, url string) (outcome, error) {
	return b.measured(nil, env, "bash", "-c", pruneScript, "prune.sh", verb, url)
}
