package registrytest

import "context"

// TB is the part of testing.TB that this package needs, so that programs which measure
// can use it, too.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	TempDir() string
	Failed() bool
	Logf(format string, args ...any)
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}
