package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultDir is where the runs of this user are remembered: kubectl-xexec in
// $XDG_STATE_HOME or else in ~/.local/state. It need not exist.
func DefaultDir() (string, error) {
	const name = "kubectl-xexec"
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for the folder of the journal: %w", err)
	}
	return filepath.Join(home, ".local", "state", name), nil
}

// openDir opens the folder, which must be the user's own and no symbolic link, and
// closes it to others.
func openDir(dir string) (*os.Root, error) {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("opening the journal: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("opening the journal: %q is not a folder", dir)
	case !ownedByUser(info):
		return nil, fmt.Errorf("opening the journal: folder %q belongs to somebody else", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	// A name that changed hands since then must not be trusted.
	if now, err := root.Stat("."); err != nil || !os.SameFile(info, now) {
		return nil, errors.Join(fmt.Errorf("opening the journal: folder %q was replaced", dir), err, root.Close())
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := root.Chmod(".", 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("closing folder %q to others: %w", dir, err), root.Close())
		}
	}
	return root, nil
}

// makeDir is openDir of a folder that is created where it is missing.
func makeDir(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the folder of the journal: %w", err)
	}
	return openDir(dir)
}
