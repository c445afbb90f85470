package backup

import (
	"os"

	"golang.org/x/sys/windows"
)

// syncDir has nothing to do: NTFS keeps names in a journal of its own.
func syncDir(*os.Root, string) error { return nil }

func syncParent(string) error { return nil }

// tryLock takes the lock of a file, which ends with the process that holds it. It
// reports false if somebody else has it. Locked bytes cannot be read by others, so
// it is one far behind the end.
func tryLock(f *os.File) bool {
	far := &windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, far) == nil
}
