package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/rbac"
)

const rbacExample = `  # What a nightly plan needs
  kubectl regprune rbac --for plan -n registry --service-account regprune

  # What a person needs to free space, too
  kubectl regprune rbac --for gc -n registry deploy/registry --user jane`

func newRBACCommand(f *flags) *cobra.Command {
	step, account, name, group := "", "", "", ""
	files := true
	cmd := &cobra.Command{
		Use: "rbac --for plan|apply|gc [TYPE/NAME] [flags]", Short: "Print the roles that a step needs", Example: rbacExample,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			namespace, err := f.kube.Namespace()
			if err != nil {
				return err
			}
			o := rbac.Options{Step: rbac.Step(step), Namespace: namespace, Files: files}
			if o.Groups, err = f.customGroups(); err != nil {
				fmt.Fprintf(f.io.Err, "note: the groups of custom resources are not known, so rights on them are not among these: %v\n", err)
			}
			if len(args) > 0 {
				if o.Workload, err = resolve.ParseRef(args[0]); err != nil {
					return usagef("%v", err)
				}
			}
			switch {
			case account != "":
				in, of, qualified := strings.Cut(account, "/")
				if !qualified {
					in, of = namespace, account
				}
				o.Subject = rbac.Subject{Kind: "ServiceAccount", Name: of, Namespace: in}
			case group != "":
				o.Subject = rbac.Subject{Kind: "Group", Name: group}
			default:
				o.Subject = rbac.Subject{Kind: "User", Name: name}
			}
			text, err := rbac.YAML(o)
			if err != nil {
				return cli.WithCode(err, cli.ExitUsage)
			}
			_, err = io.WriteString(f.io.Out, text)
			return err
		},
	}
	cmd.Flags().StringVar(&step, "for", "", fmt.Sprintf("what the rights are for: %s, %s, %s", rbac.Plan, rbac.Apply, rbac.GC))
	cmd.Flags().StringVar(&account, "service-account", "", "who gets them: `[NAMESPACE/]NAME`")
	cmd.Flags().StringVar(&name, "user", "", "who gets them: a user of the cluster (default: you are asked to put one in)")
	cmd.Flags().StringVar(&group, "group", "", "who gets them: a group of users")
	cmd.Flags().BoolVar(&files, "files", true, "with the right to look at the registry's files")
	return f.verb(cmd)
}
