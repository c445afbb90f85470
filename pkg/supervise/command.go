package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// Var is a variable of the environment.
type Var struct{ Name, Value string }

// Command is what to run.
type Command struct {
	// Argv is the program and its arguments; with Script, the script's arguments.
	Argv []string
	// Script, if not nil, is run by the interpreter that its first line names after
	// "#!", with at most one argument, as kernels do, or else by sh. It is text.
	Script []byte
	// Env is added to the container's environment.
	Env []Var
	// Dir is the working directory; the container's by default.
	Dir string
	// User is a name or an id, or NAME:GROUP with a numeric group. Only root can
	// change to another user.
	User string
}

const (
	maxValue  = 128<<10 - 1 // what Linux takes for a variable or an argument
	maxScript = 16 << 20
)

var (
	envName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	userName = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(:[0-9]+)?$`)
)

// Check finds mistakes that no container could make up for: an empty command,
// variables that cannot exist, a binary script.
func (c Command) Check() error {
	if len(c.Argv) == 0 && c.Script == nil {
		return errors.New("running a command: the command is empty")
	}
	for _, arg := range c.Argv {
		if strings.ContainsRune(arg, 0) {
			return fmt.Errorf("running a command: argument %q contains a NUL byte", arg)
		}
	}
	for _, v := range c.Env {
		switch {
		case !ValidName(v.Name):
			return hint.With(fmt.Errorf("setting the environment: %q cannot be the name of a variable", v.Name),
				"names have letters, digits and underscores, and begin with no digit")
		case strings.HasPrefix(v.Name, "kx_"):
			return fmt.Errorf("setting the environment: names such as %q belong to the supervisor", v.Name)
		case strings.ContainsRune(v.Value, 0):
			return fmt.Errorf("setting the environment: the value of %q contains a NUL byte", v.Name)
		case len(v.Name)+1+len(v.Value) > maxValue:
			return fmt.Errorf("setting the environment: the value of %q exceeds %d bytes, the most that Linux takes", v.Name, maxValue)
		}
	}
	switch {
	case strings.ContainsRune(c.Dir, 0):
		return errors.New("choosing the working directory: it contains a NUL byte")
	case c.User != "" && !userName.MatchString(c.User):
		return hint.With(fmt.Errorf("choosing the user: %q cannot be one", c.User), "write a name, an id, or NAME:GROUP with the id of a group")
	case bytes.IndexByte(c.Script, 0) >= 0:
		return hint.With(errors.New("reading the script: it is binary"), "copy programs into the container, and run them there")
	case len(c.Script) > maxScript:
		return fmt.Errorf("reading the script: %d bytes exceed the limit of %d", len(c.Script), maxScript)
	}
	return nil
}

// ValidName reports whether a shell can export a variable of that name.
func ValidName(name string) bool { return envName.MatchString(name) }

// needs names what of the command does not work without a shell.
func (c Command) needs() string {
	switch {
	case c.Script != nil:
		return "a script"
	case len(c.Env) > 0:
		return "an environment of its own"
	case c.Dir != "":
		return "a working directory"
	case c.User != "":
		return "another user"
	}
	return ""
}

// interpreter is what runs the script.
func (c Command) interpreter() (program, argument string) {
	if c.Script == nil {
		return "", ""
	}
	line, shebang := bytes.CutPrefix(c.Script, []byte("#!"))
	if !shebang {
		return "sh", ""
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	program, argument, _ = strings.Cut(strings.Trim(string(line), " \t\r"), " ")
	if program == "" {
		program = "sh"
	}
	return program, strings.TrimLeft(argument, " \t")
}

// name is the program that must exist in the container.
func (c Command) name() string {
	if program, _ := c.interpreter(); program != "" {
		return program
	}
	return c.Argv[0]
}

// dir is Dir in a form that cd does not take for an option or for "-".
func (c Command) dir() string {
	if c.Dir == "" || path.IsAbs(c.Dir) {
		return c.Dir
	}
	return "./" + c.Dir
}

func notStarted(start time.Time, err error) Result {
	return Result{Result: podexec.Result{
		Outcome: podexec.NotStarted, ExitCode: -1, Reason: err.Error(), Err: err, StartedAt: start, Duration: time.Since(start),
	}}
}

// after adds what an earlier attempt has used up.
func (r Result) after(earlier Result) Result {
	r.Requests, r.Transport = r.Requests+earlier.Requests, earlier.Transport
	return r
}

func errUnsupervised(needs string) error {
	return hint.With(fmt.Errorf("running a command: %s needs a supervisor", needs), "do without a terminal, and leave supervision on")
}

func errNoShell(needs string) error {
	return hint.With(fmt.Errorf("the container has no usable shell, which %s needs", needs), "run it without, or in a container that has sh and /proc")
}
