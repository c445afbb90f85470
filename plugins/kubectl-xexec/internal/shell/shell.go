// Package shell finds the best shell of a container whose image nobody knows.
//
// [Command] is what to run on a terminal, one exec for looking and for staying:
// the shell that the image itself names in SHELL, else bash, else zsh, else sh.
// None of them is a login shell: /etc/profile of many images resets PATH, and what
// the image had added to it would not be found. A container without sh cannot look
// for anything; [Explain] says so and what helps.
package shell

import (
	"fmt"
	"regexp"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// probe runs in the container. $1 is the file that describes the local terminal in
// a terminfo database: programs there know what its name means only if it exists.
// Otherwise TERM stays what the runtime says, which is xterm.
const probe = `for d in /etc /lib /usr/lib /usr/share; do
[ -n "$1" ] && [ -e "$d/terminfo/$1" ] && TERM=${1##*/} && export TERM
done
for s in "$SHELL" bash zsh; do
case ${s##*/} in "" | sh | ash | dash | nologin | false) continue ;; esac
command -v "$s" >/dev/null 2>&1 && exec "$s"
done
exec sh`

var terminal = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// Command is the command of an interactive shell. Term is the local TERM; the
// container's terminal gets the same name if its image knows it.
func Command(term string) []string {
	entry := ""
	if terminal.MatchString(term) {
		entry = term[:1] + "/" + term
	}
	return []string{"sh", "-c", probe, "sh", entry}
}

// Exit codes of shells and, in a result, of a command that did not start.
const (
	notExecutable = 126
	notFound      = 127
)

// Explain makes an error of a result of [Command] that says that no shell could be
// started, and nil of any other: what a shell that did start ends with is its own
// business.
func Explain(r podexec.Result, container string) error {
	if r.Outcome != podexec.NotStarted || r.ExitCode != notFound && r.ExitCode != notExecutable {
		return nil
	}
	return hint.With(fmt.Errorf("container %q has no shell", container),
		"--debug-image IMAGE adds a container with a shell beside it, such as --debug-image busybox; it stays in the pod until the pod ends")
}
