package podexec

import (
	"path"
	"regexp"
	"strings"
)

// neverRan recognises reports that a command was not started, by the words of
// the API server, the kubelet and the container runtimes.
func neverRan(message string) bool {
	for _, sign := range []string{
		"OCI runtime exec failed", // runc and crun below containerd
		"failed to start exec",    // containerd
		"failed to create exec",   // containerd
		"unable to start container process",
		"executable file not found",
		"container not found", // kubelet
		"container is not created or running",
		"container not running",
		"can't exec in a stopped state", // containerd
		"cannot exec in a stopped",      // runc
		"is in CONTAINER_EXITED state",  // containerd
		"error dialing backend",         // API server
		"unable to upgrade connection",  // API server
		"error sending request",         // API server, translating
	} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}

var (
	// exec: "name": reason, and crun's executable file `name` not found.
	execFailure   = regexp.MustCompile(`exec: "([^"]*)": (.*?)\s*(?:: unknown)?$`)
	crunFailure   = regexp.MustCompile("executable file `([^`]*)` not found")
	dialFailure   = regexp.MustCompile(`dial tcp [^ ]*: .*$`)
	noContainer   = regexp.MustCompile(`container not found \("?([^")]*)"?\)`)
	notExecutable = regexp.MustCompile(`permission denied|exec format error|is a directory`)
)

// notStartedCode is what a shell would have returned, or unknownCode.
func notStartedCode(message string) int {
	switch {
	case strings.Contains(message, "executable file not found"), crunFailure.MatchString(message),
		execFailure.MatchString(message) && strings.Contains(message, "no such file or directory"):
		return 127
	case execFailure.MatchString(message) && notExecutable.MatchString(message):
		return 126
	}
	return unknownCode
}

// excuse shortens a message that a command was not started to what matters.
func excuse(message string) string {
	if m := execFailure.FindStringSubmatch(message); m != nil {
		switch {
		case notStartedCode(message) == 127:
			return quoteProgram(m[1]) + " was not found in the container"
		default:
			return quoteProgram(m[1]) + " cannot be executed: " + m[2]
		}
	}
	if m := crunFailure.FindStringSubmatch(message); m != nil {
		return quoteProgram(m[1]) + " was not found in the container"
	}
	if m := noContainer.FindStringSubmatch(message); m != nil {
		return "container \"" + m[1] + "\" is not running"
	}
	if m := dialFailure.FindString(message); m != "" && strings.Contains(message, "backend") || strings.Contains(message, "error sending request") {
		return "the node could not be reached: " + m
	}
	return strings.TrimPrefix(message, "Internal error occurred: ")
}

func quoteProgram(name string) string { return `"` + name + `"` }

// runtimeExcuse says whether an exit code is a container runtime's complaint
// about the command rather than the command's own: CRI-O hands out 126, 127 or
// 255 with the low-level runtime's error as the only output. A shell that does
// not find a program words it differently, and has been started.
func runtimeExcuse(req *Request, head []byte, received int64, code int) bool {
	if (code != 126 && code != 127 && code != 255) || received > maxHead {
		return false
	}
	text := strings.TrimSpace(string(head))
	if m := crunFailure.FindStringSubmatch(text); m != nil {
		return path.Base(m[1]) == path.Base(req.Command[0])
	}
	m := execFailure.FindStringSubmatch(text)
	return m != nil && m[1] == req.Command[0] && strings.Contains(text, "exec failed: unable to start container process")
}
