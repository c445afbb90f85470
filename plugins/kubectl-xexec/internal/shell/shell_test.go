package shell_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/shell"
)

// image makes a folder that serves as PATH: sh is the real one, the other shells
// say their name.
func image(t *testing.T, shells ...string) string {
	t.Helper()
	dir := t.TempDir()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+sh+"\n"+text), 0o700); err != nil { // a program
			t.Fatal(err)
		}
	}
	for _, s := range shells {
		write(s, `echo "$0 $# $TERM"`)
	}
	return dir
}

// open runs the probe with a sh of this machine and returns what the shell says.
func open(t *testing.T, path, shellVariable, term string) string {
	t.Helper()
	command := shell.Command(term)
	sh, err := exec.LookPath(command[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sh, command[1:]...)
	cmd.Env = []string{"PATH=" + path, "TERM=xterm", "SHELL=" + shellVariable}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	first, _, _ := strings.Cut(string(out), " ")
	if !strings.HasSuffix(string(out), "xterm\n") {
		t.Errorf("TERM became another: %s", out)
	}
	return filepath.Base(first)
}

func TestTheBestShellWins(t *testing.T) {
	for _, c := range []struct {
		has      string
		variable string
		want     string
	}{
		{"sh bash zsh", "", "bash"},
		{"sh zsh", "", "zsh"},
		{"sh", "", "sh"},
		{"sh bash fish", "fish", "fish"},
		{"sh bash", "/bin/nosuchshell", "bash"},
		{"sh bash", "/bin/sh", "bash"},
		{"sh bash", "/usr/sbin/nologin", "bash"},
		{"sh", "/bin/false", "sh"},
	} {
		dir := image(t, strings.Fields(c.has)...)
		if got := open(t, dir, c.variable, ""); got != c.want {
			t.Errorf("an image with %s and SHELL=%q opens %s, want %s", c.has, c.variable, got, c.want)
		}
	}
}

func TestUnknownTerminalIsNotPassedOn(t *testing.T) {
	for _, term := range []string{"nosuchterminal", "../../../../etc/passwd", "x'; reboot; '", "-x"} {
		if got := open(t, image(t, "sh", "bash"), "", term); got != "bash" {
			t.Errorf("TERM=%q opens %s", term, got)
		}
	}
	if argv := shell.Command("a;b"); argv[len(argv)-1] != "" {
		t.Errorf("a hostile TERM is in %q", argv)
	}
	if argv := shell.Command("xterm-256color"); argv[len(argv)-1] != "x/xterm-256color" {
		t.Errorf("TERM is missing in %q", argv)
	}
}

func TestExplain(t *testing.T) {
	err := shell.Explain(podexec.Result{Outcome: podexec.NotStarted, ExitCode: 127}, "app")
	if err == nil || err.Error() != `container "app" has no shell` || !strings.Contains(hint.Of(err), "--debug-image") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	for _, r := range []podexec.Result{
		{Outcome: podexec.Failed, ExitCode: 127}, // the last command in the shell
		{Outcome: podexec.NotStarted, ExitCode: -1},
		{Outcome: podexec.OK},
	} {
		if err := shell.Explain(r, "app"); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
