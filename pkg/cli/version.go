package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Set by the release build through -ldflags -X; a plain go build or go install
// leaves them empty and the build information of the module is used.
var (
	version string
	commit  string
	date    string
)

// VersionInfo is what `version -o json` prints.
type VersionInfo struct {
	Version   string `json:"version"`          // semantic version with a leading v, or "devel"
	Commit    string `json:"commit,omitempty"` // git commit, if known
	Date      string `json:"date,omitempty"`   // time of that commit, RFC 3339
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"` // os/arch
}

// Version describes this binary. It asks nothing of the network.
func Version() VersionInfo {
	v := VersionInfo{version, commit, date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok && v.Version == "" {
		v.Version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value
			case "vcs.time":
				v.Date = s.Value
			}
		}
	}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "devel"
	}
	return v
}

// NewVersionCommand is the version subcommand that every plugin has.
func NewVersionCommand(s *streams.IO) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this plugin",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := Version()
			switch format {
			case "":
				_, err := fmt.Fprintf(s.Out, "%s (commit %s, %s, %s)\n", v.Version, orUnknown(v.Commit), v.GoVersion, v.Platform)
				return err
			case "json":
				return output.JSON(s.Out, v)
			case "yaml":
				return output.YAML(s.Out, v)
			}
			return Usagef("unknown output format %q: use json or yaml", format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "", "output format: json or yaml")
	return cmd
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
