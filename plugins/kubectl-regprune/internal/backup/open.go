package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// Open reads a folder that Write has made, and checks all of it: every file is there
// and is what it should be. What is wrong is named, file by file.
func Open(dir string) (*Backup, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening backup %q: %w", dir, err)
	}
	defer root.Close()
	raw, err := root.ReadFile(indexFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, hint.With(fmt.Errorf("opening backup %q: it has no %s: it was not finished, and nothing was deleted", dir, indexFile),
			"apply the plan again")
	}
	if err != nil {
		return nil, fmt.Errorf("opening backup %q: %w", dir, err)
	}
	b := &Backup{Dir: dir}
	if err := json.Unmarshal(raw, &b.Index); err != nil {
		return nil, fmt.Errorf("opening backup %q: %s: %w", dir, indexFile, err)
	}
	if b.Index.APIVersion != APIVersion || b.Index.Kind != Kind {
		return nil, fmt.Errorf("opening backup %q: it is a %q of %q", dir, b.Index.Kind, b.Index.APIVersion)
	}
	if b.Plan, err = b.openPlan(root); err != nil {
		return nil, fmt.Errorf("opening backup %q: %w", dir, err)
	}
	return b, b.check(root)
}

func (b *Backup) openPlan(root *os.Root) (*plan.Plan, error) {
	raw, err := root.ReadFile(planFile)
	if err != nil {
		return nil, err
	}
	if got := registry.Digest(raw); got != b.Index.Plan {
		return nil, fmt.Errorf("%s is not the plan that the backup was made for: its digest is %q, not %q", planFile, got, b.Index.Plan)
	}
	return decodePlan(raw)
}

// check reads every manifest once.
func (b *Backup) check(root *os.Root) error {
	var problems []error
	seen := map[string]bool{}
	for _, r := range b.Index.Repos {
		for _, m := range r.Manifests {
			if m.Missing || seen[m.Digest] {
				continue
			}
			seen[m.Digest] = true
			if _, err := read(root, m); err != nil {
				problems = append(problems, err)
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	const most = 10
	n := len(problems)
	if n > most {
		problems = append(problems[:most], fmt.Errorf("and %d more", n-most))
	}
	return fmt.Errorf("opening backup %q: %d of %d manifests cannot be used: %w", b.Dir, n, len(seen), errors.Join(problems...))
}
