package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxPassword is far beyond any password and keeps a wrong file name harmless.
const maxPassword = 64 << 10

// ReadPassword reads the password that a flag names a file for, stdin if that is -,
// without the newline at its end. There is no flag for a password itself: the command
// line is for everyone to read. Errors end the process with [ExitUsage].
func ReadPassword(flag, name string, stdin io.Reader) (string, error) {
	in := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", WithCode(fmt.Errorf("reading the password: %w", err), ExitUsage)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPassword))
	if err != nil {
		return "", WithCode(fmt.Errorf("reading the password: %w", err), ExitUsage)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if password == "" {
		return "", Usagef("%s %q is empty", flag, name)
	}
	return password, nil
}
