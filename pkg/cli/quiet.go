package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// maxVerbosity is the highest log level that -v grants. From 7 on client-go logs
// the raw bytes of tunnels and headers: passwords, and the data of whoever is
// being debugged.
const maxVerbosity = 6

// quietLibraries sends client-go's log nowhere unless -v asks for it, and its
// background errors ("Unhandled Error …") with it: they are written while a
// command succeeds and read as if it had failed.
func quietLibraries(root *cobra.Command, s *streams.IO) {
	setVerbosity(s, 0)
	level := verbosity{io: s}
	root.PersistentFlags().VarP(&level, "v", "v", fmt.Sprintf("log level of the Kubernetes client library, 0 to %d, on stderr", maxVerbosity))
	root.PersistentFlags().Lookup("v").DefValue = "0"
}

// verbosity is the value of -v; setting it takes effect at once.
type verbosity struct {
	io    *streams.IO
	level int
}

func (v *verbosity) String() string { return strconv.Itoa(v.level) }
func (v *verbosity) Type() string   { return "level" }

func (v *verbosity) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a log level from 0 to %d", text, maxVerbosity)
	}
	if n > maxVerbosity {
		fmt.Fprintf(v.io.Err, "warning: log level %d lowered to %d: higher levels write passwords and data to the log\n", n, maxVerbosity)
		n = maxVerbosity
	}
	v.level = n
	setVerbosity(v.io, n)
	return nil
}

func setVerbosity(s *streams.IO, level int) {
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL", "v": strconv.Itoa(level)} {
		if err := flags.Set(name, value); err != nil {
			fmt.Fprintf(s.Err, "warning: setting the log's %s: %v\n", name, err)
		}
	}
	if level == 0 {
		klog.SetOutput(io.Discard)
		utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{func(context.Context, error, string, ...any) {}}
		return
	}
	klog.SetOutput(s.Err)
	utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{func(_ context.Context, err error, msg string, kv ...any) {
		klog.ErrorS(err, msg, kv...)
	}}
}
