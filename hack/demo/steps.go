package main

// step is a command of the demo and what must come of it.
type step struct {
	why   string
	run   string // for sh
	code  int
	wants []string
	// cut names a pod whose connections break before a command's result arrives.
	cut string
}

var steps = []step{
	{
		why:   "Every pod of a Deployment at once, each line with its pod. One of them missed the rollout:",
		run:   "kubectl xexec -n prod deploy/web -- cat VERSION",
		wants: []string{"web-7d4b9-a | 2.4.1", "web-7d4b9-b | 2.4.1", "web-7d4b9-c | 2.3.0", "3 ok"},
	},
	{
		why:   "One pod behaves like kubectl exec, and the command's exit code is yours:",
		run:   "kubectl xexec -n prod web-7d4b9-a -- sh -c 'echo disk full >&2; exit 42'",
		code:  42,
		wants: []string{"disk full"},
	},
	{
		why:   "Which of them differ?",
		run:   "kubectl xexec -n prod deploy/web --diff -- cat VERSION",
		wants: []string{"2 pods · exit 0", "1 pod · exit 0", "-2.4.1", "+2.3.0"},
	},
	{
		why: "The connection to web-7d4b9-b breaks before its result arrives, and nothing in the container vouches for it.\n" +
			"# That is no success, and the exit code 4 says so:",
		run:   "kubectl xexec -n prod deploy/web --supervisor never -- sh backup.sh",
		code:  4,
		wants: []string{"web-7d4b9-a | saved", "2 ok", "1 lost", "lost web-7d4b9-b"},
		cut:   "web-7d4b9-b",
	},
	{
		why:   "The same for programs:",
		run:   "kubectl xexec -q -n prod deploy/web -o json -- cat VERSION | head -n 22",
		wants: []string{`"kind": "ExecReport"`, `"outcome": "ok"`, `"exitCode": 0`, `"stdout": "2.4.1\n"`},
	},
	{
		why:   "Where did the memory of the Redis in this namespace go? Its password comes from the pod's own Secret:",
		run:   "kubectl redismem -n prod",
		wants: []string{"PATTERN", "session:*", "BOOK-*", "TOTAL"},
	},
	{
		why:   "Pin a prefix, for a spreadsheet:",
		run:   "kubectl redismem -q -n prod --group 'BOOK-*' -o csv --top 3",
		wants: []string{"prefix,totalKeys,totalSize,avgKeySize,minKeySize,maxKeySize", "\nBOOK-*,20000,"},
	},
	{
		why:   "Which builds may go from the registry in this cluster, by the usual rule? Nothing is changed yet:",
		run:   "kubectl regprune -n registry --keep latest --keep-number '>=950'",
		wants: []string{"shop/api"},
	},
	{
		why:   "Build 947 is older than that, and nothing runs it. Why does it stay?",
		run:   "kubectl regprune why shop/api:947 -n registry --keep latest --keep-number '>=950'",
		wants: []string{"rollback", "api-58b64"},
	},
	{
		why:   "Do it. Manifests are backed up first:",
		run:   "kubectl regprune apply --yes -n registry --keep latest --keep-number '>=950'",
		wants: []string{"all that was planned is gone"},
	},
	{
		why:   "Can all that is left be pulled, to the last layer?",
		run:   "kubectl regprune verify -n registry",
		wants: []string{"the registry has all that these need"},
	},
	{
		why:   "That was a mistake? Until garbage is collected, everything comes back:",
		run:   "kubectl regprune restore last --yes",
		wants: []string{"all of it is there"},
	},
	{
		why:   "A slip gets one line and a hint, never a stack trace:",
		run:   "kubectl xexec -n prod deploy/wbe -- ls",
		code:  3,
		wants: []string{"error: ", "hint: "},
	},
}
