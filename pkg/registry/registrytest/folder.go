package registrytest

import (
	"os"
)

// Folder is an empty folder that ends with the test, in memory where the machine has
// enough: the stores of registries are thousands of tiny files.
func Folder(tb TB) string {
	tb.Helper()
	parent := inMemory()
	if parent == "" {
		return tb.TempDir()
	}
	dir, err := os.MkdirTemp(parent, "registrytest-")
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("removing the registry's folder: %v", err)
		}
	})
	return dir
}
