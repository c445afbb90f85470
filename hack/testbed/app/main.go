// App is the only file of the shell-less images. As "pause" it holds a pod's
// namespaces; as "sleep" it stands for a program in a distroless image.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	job := filepath.Base(os.Args[0])
	if len(os.Args) > 1 {
		job = os.Args[1]
	}
	switch job {
	case "pause", "sleep":
		sleep()
	case "hello": // something for exec to run
		fmt.Println("hello from a container without a shell")
	case "fail":
		fmt.Fprintln(os.Stderr, "failing as asked")
		os.Exit(7)
	default:
		fmt.Fprintln(os.Stderr, "usage: app pause|sleep|hello|fail")
		os.Exit(2)
	}
}

// sleep waits for the signal to end. A process with pid 1 inherits orphans, so
// it buries them.
func sleep() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGCHLD {
				return
			}
			for {
				if pid, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 {
					break
				}
			}
		case <-time.After(24 * time.Hour):
		}
	}
}
