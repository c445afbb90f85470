package main

const use = "regprune [TYPE/NAME] [flags]"

const long = `Plan what to delete from a registry in the cluster, and what must stay: images that
pods, workloads, their earlier revisions and Helm releases use, and all that belongs to
them. Nothing is changed; "kubectl regprune apply" does what a plan says.`

const example = `  # Keep latest and build numbers from 950 on: what would go, and what protects the rest
  kubectl regprune -n registry --keep latest --keep-number '>=950'

  # Keep the ten newest images and what is younger than 30 days, in some repositories
  kubectl regprune --repo 'team/**' --keep-last 10 --keep-within 30d

  # Write the plan down, look at it, and do exactly that
  kubectl regprune --rules rules.yaml -o json > plan.json
  kubectl regprune apply plan.json

  # Free the space, with the registry read-only meanwhile, and prove what is left
  kubectl regprune apply plan.json --gc

  # Why is this image kept, or not
  kubectl regprune why team/app:1.4.2 --keep-last 10

  # Where did the space go
  kubectl regprune du -o html > registry.html

  # Put it back
  kubectl regprune restore last`

const details = `Rules keep; what no rule keeps goes, if it is for deletion: see the names of the flags.
Keep beats delete. An image whose age counts and is not known stays. Whatever a cluster
uses stays, by whatever name of the registry: pods, also finished ones, templates of
workloads, old ReplicaSets and ControllerRevisions, Jobs and CronJobs, Helm's history, and
pod templates in custom resources. A kind that cannot be read ends the command.

With an image stay the images of its platforms, its signatures and other attachments. A tag
that shares its image with one that stays is removed without it where the server can do
that (distribution 3), else it stays.

The registry is reached through the API server; its login is taken from a pull secret
beside it. Where commands can be run in its container, untagged manifests and the times of
pushes are known, too, and sizes are exact.

Exit codes:
    0  the plan was made, whatever it says; with apply: all of it was done
    1  it failed
    2  the command line is wrong, or the user declined
    3  no registry was found
    4  done in part: something was skipped, could not be deleted, or cannot be pulled
    5  a guard refused, and nothing was changed
    6  with --detailed-exitcode: the plan deletes something
  130  interrupted; what was done is in the journal of the run`

// verbs are the lines of usage besides the root command's.
var verbs = []string{
	"kubectl regprune apply [PLAN.json | TYPE/NAME] [flags]",
	"kubectl regprune gc [TYPE/NAME] [flags]",
	"kubectl regprune verify [PLAN.json | TYPE/NAME] [flags]",
	"kubectl regprune restore RUN [flags]",
	"kubectl regprune runs",
	"kubectl regprune recover [TYPE/NAME]",
	"kubectl regprune why IMAGE [TYPE/NAME] [flags]",
	"kubectl regprune du [TYPE/NAME] [flags]",
	"kubectl regprune doctor [TYPE/NAME] [flags]",
	"kubectl regprune list [-A]",
	"kubectl regprune rbac --for plan|apply|gc",
	"kubectl regprune version [-o json]",
}
