package redisconn

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// TestDirectiveReadsWhatTheServerReads asks a real server which password it took
// from each line.
func TestDirectiveReadsWhatTheServerReads(t *testing.T) {
	for line, want := range map[string]string{
		`requirepass plain`:                "plain",
		"requirepass\ttabbed":              "tabbed",
		"  requirepass \t 'single'  ":      "single",
		`requirepass 'it\'s \n'`:           `it's \n`,
		`requirepass "a\nb\x41\"\\\q"`:     "a\nbA\"\\q",
		`requirepass back\slash`:           `back\slash`,
		"REQUIREPASS \"two words\"\r":      "two words",
		"requirepass old\nrequirepass new": "new",
		`requirepass pa#ss`:                "pa#ss",
	} {
		if got := directive("port 1\n# requirepass no\n"+line+"\n", "requirepass"); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
			continue
		}
		config := filepath.Join(t.TempDir(), "redis.conf")
		if err := os.WriteFile(config, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		e := endpoint(redistest.StartConfig(t, config), want)
		if conn, err := e.Open(context.Background()); err != nil {
			t.Errorf("%q: the server disagrees: %v", line, err)
		} else {
			conn.Close()
		}
	}
	for _, line := range []string{`requirepass "open`, `requirepass 'a'b`, "requirepass"} {
		if got := directive(line, "requirepass"); got != "" {
			t.Errorf("%q: got %q", line, got)
		}
	}
}
