package main

import (
	"context"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// confirm asks, unless the user has agreed already.
func (f *flags) confirm(ctx context.Context, agreed bool, question string) error {
	if agreed {
		return nil
	}
	ok, err := streams.Confirm(ctx, f.io, question)
	switch {
	case err != nil && ctx.Err() != nil:
		return f.interrupted(ctx, err)
	case err != nil:
		return cli.WithCode(hint.With(err, "to go on without a question: --yes"), cli.ExitUsage)
	case !ok:
		fmt.Fprintln(f.io.Err, "nothing was changed")
		return cli.Exit(cli.ExitUsage)
	}
	return nil
}
