package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/client-go/discovery"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/doctor"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/rbac"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

const doctorLong = `Examine whether a registry can be pruned and what would go wrong: is deletion enabled, would
a restart lose content, does something else collect garbage, may this user do what is
needed. Nothing is changed.`

func newDoctorCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor [TYPE/NAME] [flags]", Short: "Examine whether the registry can be pruned, and what would go wrong", SuggestFor: []string{"check", "examine"},
		Long: doctorLong, Example: "  kubectl regprune doctor -n registry", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			in, err := f.patient(cmd.Context(), args)
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			report, err := doctor.Examine(cmd.Context(), *in)
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			if err := render.Doctor(f.io.Out, f.show.output, report, f.resultOptions()); err != nil {
				return err
			}
			if report.Err() != nil {
				return cli.Exit(cli.ExitPartial)
			}
			return nil
		},
	}
	return f.verb(cmd, f.reach.set(), f.show.set(render.ResultFormats))
}

// patient collects what there is to examine. What cannot be reached is a finding, not
// the end.
func (f *flags) patient(ctx context.Context, args []string) (*doctor.Input, error) {
	s := &session{flags: f}
	base, dial, err := s.target(ctx, args)
	if err != nil {
		return nil, err
	}
	in := &doctor.Input{Name: s.name, Candidate: s.candidate}
	if err := s.open(base, dial); err != nil {
		return nil, err
	}
	in.HTTP = s.getter
	if err := s.hello(ctx, base, dial); err != nil {
		in.Unreached = s.explain(err)
	} else {
		in.Registry, in.HTTP = s.client, s.getter
		in.Repository = s.firstRepository(ctx)
	}
	if s.candidate == nil {
		return in, ctx.Err()
	}
	if in.Exec, in.NoExec = s.exec(); in.NoExec != nil {
		in.Exec = nil
	}
	client, err := f.kube.Client()
	if err != nil {
		return nil, err
	}
	in.Access = client
	if in.Groups, err = f.customGroups(); err != nil {
		fmt.Fprintf(f.io.Err, "note: the groups of custom resources are not known: %v\n", err)
	}
	in.Credentials, _, err = locate.PullCredentials(ctx, client, []string{s.candidate.Namespace}, s.candidate.Aliases)
	if err != nil {
		fmt.Fprintf(f.io.Err, "note: pull secrets are not known: %v\n", err)
	}
	return in, ctx.Err()
}

// firstRepository is any one that exists, "" if none is known.
func (s *session) firstRepository(ctx context.Context) string {
	for name, err := range s.client.Repositories(ctx, 1) {
		if err == nil {
			return name
		}
		break
	}
	return ""
}

// customGroups are the API groups of the cluster's custom resources.
func (f *flags) customGroups() ([]string, error) {
	cfg, err := f.kube.Config()
	if err != nil {
		return nil, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return nil, err
	}
	all, err := client.ServerGroups()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, g := range all.Groups {
		names = append(names, g.Name)
	}
	return rbac.CustomGroups(names), nil
}
