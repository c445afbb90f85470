// Krew-render fills krew-manifests/*.yaml with the checksums of dist/ and writes
// the manifests to dist/krew, ready for `kubectl krew install --manifest`.
//
//	go run ./hack/krew-render [-base URL] [-partial]
//
// The version comes from the names of the archives.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/hack/krewmanifest"
)

func main() {
	dist := flag.String("dist", "dist", "folder with checksums.txt")
	base := flag.String("base", "", "URL under which the archives are, instead of the release")
	partial := flag.Bool("partial", false, "leave out platforms that were not built")
	flag.Parse()
	if err := run(*dist, *base, *partial); err != nil {
		fmt.Fprintf(os.Stderr, "krew-render: %v\n", err)
		os.Exit(1)
	}
}

func run(dist, base string, partial bool) error {
	text, err := os.ReadFile(filepath.Join(dist, "checksums.txt"))
	if err != nil {
		return fmt.Errorf("reading checksums (make release-snapshot makes them): %w", err)
	}
	sums, err := krewmanifest.ParseChecksums(string(text))
	if err != nil {
		return err
	}
	tag, err := krewmanifest.Tag(sums)
	if err != nil {
		return err
	}
	build := krewmanifest.Build{Tag: tag, Checksums: sums, Base: base, Partial: partial}
	templates, err := filepath.Glob("krew-manifests/*.yaml")
	if err != nil {
		return fmt.Errorf("finding the templates: %w", err)
	}
	if len(templates) == 0 {
		return errors.New("finding the templates: no krew-manifests/*.yaml here; run this in the root of the checkout")
	}
	out := filepath.Join(dist, "krew")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("making %q: %w", out, err)
	}
	for _, path := range templates {
		if err := render(build, path, out); err != nil {
			return err
		}
	}
	return nil
}

func render(build krewmanifest.Build, path, out string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the template: %w", err)
	}
	manifest, err := build.Render(strings.TrimSuffix(filepath.Base(path), ".yaml"), string(text))
	if err != nil {
		return err
	}
	target := filepath.Join(out, filepath.Base(path))
	if err := os.WriteFile(target, manifest, 0o644); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	fmt.Println(target)
	return nil
}
