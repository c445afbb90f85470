package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Completion answers while the user waits for the Tab key: it gives up soon and
// asks for one page only.
const (
	completionTime  = 2 * time.Second
	completionLimit = 500
)

const noFiles = cobra.ShellCompDirectiveNoFileComp

func (f *flags) registerCompletion(cmd *cobra.Command) {
	fixed := func(values ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(values, noFiles)
	}
	for name, complete := range map[string]cobra.CompletionFunc{
		"container": f.completeContainer, "namespace": f.completeNamespace,
		"output": fixed(formats()...), "prefix": fixed(auto, always, never), "color": fixed(auto, always, never),
		"supervisor": fixed(auto, always, never), "dry-run": fixed(none, client), "journal": fixed("results", "output", none),
		"exit-code": fixed("any", "max", "first", none), "rerun": fixed(rerunnable...), "mask": fixed("time", "pid", "duration", "hex", "uuid", "all"),
		"diff-with": completeRun,
	} {
		// It fails only for a flag that is not there, which the completion test finds.
		_ = cmd.RegisterFlagCompletionFunc(name, complete)
	}
}

func (f *flags) completeTarget(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	// Cobra puts a "--" at the end of what it completes; one before it is the user's.
	if f.memory.rerun != "" {
		return completeRun(cmd, args, typed)
	}
	if cmd.ArgsLenAtDash() < len(args) || strings.Contains(typed, "/") {
		return nil, noFiles
	}
	return f.ask(cmd, typed, func(ctx context.Context, client resolve.Client, namespace string) ([]string, error) {
		list, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{Limit: completionLimit})
		return names(list.Items, func(p *corev1.Pod) string { return p.Name }), err
	})
}

// completeRun knows the runs, the newest first, and their command lines.
func completeRun(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	store, err := openJournal()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	runs, err := store.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	all := []string{"last"}
	for _, r := range runs {
		all = append(all, r.ID+"\t"+shownArgs(r.Args))
	}
	return all, noFiles | cobra.ShellCompDirectiveKeepOrder
}

func (f *flags) completeNamespace(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return f.ask(cmd, typed, func(ctx context.Context, client resolve.Client, _ string) ([]string, error) {
		list, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{Limit: completionLimit})
		return names(list.Items, func(n *corev1.Namespace) string { return n.Name }), err
	})
}

// completeContainer knows the containers once a pod is typed.
func (f *flags) completeContainer(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, noFiles
	}
	return f.ask(cmd, typed, func(ctx context.Context, client resolve.Client, namespace string) ([]string, error) {
		pod, err := client.CoreV1().Pods(namespace).Get(ctx, strings.TrimPrefix(args[0], "pod/"), metav1.GetOptions{})
		all := names(pod.Spec.Containers, func(c *corev1.Container) string { return c.Name })
		return append(all, names(pod.Spec.InitContainers, func(c *corev1.Container) string { return c.Name })...), err
	})
}

func (f *flags) ask(cmd *cobra.Command, typed string, list func(context.Context, resolve.Client, string) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	client, err := f.kube.Client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	namespace, err := f.kube.Namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	all, err := list(ctx, client, namespace)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var fitting []string
	for _, name := range all {
		if strings.HasPrefix(name, typed) {
			fitting = append(fitting, name)
		}
	}
	return fitting, noFiles
}

func names[T any](items []T, name func(*T) string) []string {
	all := make([]string, len(items))
	for i := range items {
		all[i] = name(&items[i])
	}
	return all
}
