// Package plan decides what to delete from a registry: policy, the cluster's use of
// images and the registry's own graph in, a frozen list of decisions out. It is pure:
// the same input gives the same plan, byte for byte.
package plan

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// APIVersion and Kind of a plan file.
const (
	APIVersion = "regprune.kubectl-suite.dev/v1alpha1"
	Kind       = "Plan"
)

// Plan is what to do with a registry, and why. Repositories, tags and manifests are
// in the order of their names.
type Plan struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Registry   Registry     `json:"registry"`
	Policy     []string     `json:"policy"`            // the rules in words, for readers
	Cluster    Cluster      `json:"cluster"`           // what was looked at
	Inventory  string       `json:"inventory"`         // digest of the content that the plan is about
	Decided    string       `json:"decided,omitempty"` // the time that ages count from, RFC 3339
	Repos      []Repository `json:"repositories"`
	Totals     Totals       `json:"totals"`
	Guards     []Guard      `json:"guards,omitempty"` // why apply would refuse
	// Unused is what rules name and the registry does not have: it may be misspelled, and
	// what it was meant to keep goes then.
	Unused []string `json:"unusedRules,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

// Remarks are what a reader should know of p: Unused, then Notes.
func (p *Plan) Remarks() []string { return slices.Concat(p.Unused, p.Notes) }

// Registry is which registry a plan is for.
type Registry struct {
	Name    string `json:"name"`              // svc/NAMESPACE/NAME:PORT, or a URL without credentials
	Context string `json:"context,omitempty"` // of the kubeconfig, for one that was found in a cluster
	Cluster string `json:"cluster,omitempty"` // the UID of that cluster's kube-system, if it could be read
	Server  string `json:"server"`            // distribution/2.8.2, or distribution/unknown
	TagsOwn bool   `json:"tagsOwn"`           // a tag can be deleted without its manifest
}

// Cluster says which clusters were asked for images in use.
type Cluster struct {
	Contexts   []string `json:"contexts"`
	Aliases    []string `json:"aliases"` // hosts under which pods know the registry
	References int      `json:"references"`
	Matched    int      `json:"matched"`           // references that lead into this registry
	Missing    []string `json:"missing,omitempty"` // kinds that could not be read, allowed by the user
	Skipped    bool     `json:"skipped,omitempty"` // no cluster was asked, by the user's wish
	Foreign    []string `json:"foreign,omitempty"` // hosts that are not the registry, by the user's word
	Deep       bool     `json:"deepScan,omitempty"`
	NodeImages bool     `json:"nodeImages,omitempty"`
}

// Action is what happens to a tag or manifest.
type Action string

// The actions. Untag removes a tag whose manifest stays, as other tags or pods need it.
const (
	Keep   Action = "keep"
	Untag  Action = "untag"
	Delete Action = "delete"
)

// Reason is why. The set is closed; scripts may rely on it.
type Reason string

// Reasons to keep come first; rule:N and the like are of the form "rule:" and the
// rule's position in the policy, from 1.
const (
	InUse          Reason = "in-use"
	Rollback       Reason = "rollback"
	HelmHistory    Reason = "helm-history"
	Mentioned      Reason = "mentioned"
	Protected      Reason = "protected"           // by annotation or label
	TooYoung       Reason = "too-young"           // younger than the grace
	UnknownDate    Reason = "unknown-date"        // an age counts, and nobody knows it
	NoRule         Reason = "no-rule"             // no rule is about the repository
	Unmatched      Reason = "not-for-deletion"    // rules are about other tags
	Ghost          Reason = "ghost"               // listed, but the manifest is missing
	Unreadable     Reason = "unreadable"          // the manifest cannot be understood
	ChildOfKept    Reason = "child-of-kept"       // an index that stays names it
	ReferrerOfKept Reason = "referrer-of-kept"    // what it signs or describes stays
	Tagged         Reason = "tagged"              // a tag that stays leads to it
	UntaggedKept   Reason = "untagged"            // nobody asked to delete untagged manifests
	SharedDigest   Reason = "shared-digest"       // the server cannot remove the tag without its twins
	NotKept        Reason = "not-kept"            // no rule keeps it
	ChildOfDeleted Reason = "child-of-deleted"    // an index that goes was its only user
	OrphanReferrer Reason = "referrer-of-deleted" // what it signs or describes goes, or is gone
	UntaggedGone   Reason = "untagged-deleted"    // --untagged
)

// Repository is the part of a plan about one repository.
type Repository struct {
	Name      string     `json:"name"`
	Tags      []Tag      `json:"tags"`
	Manifests []Manifest `json:"manifests"`
	Complete  bool       `json:"untaggedKnown"` // Manifests has the untagged ones
	// ReclaimBytes is what the plan frees of what only this repository needs, and
	// SharedBytes what its deleted manifests name and others need.
	ReclaimBytes int64 `json:"reclaimBytes"`
	SharedBytes  int64 `json:"sharedBytes"`
}

// Tag is a decision about a tag. Digest is what the tag has to lead to when the plan is
// applied: a tag that has moved is left alone. It is empty for a ghost.
type Tag struct {
	Name   string `json:"name"`
	Digest string `json:"digest,omitempty"`
	Action Action `json:"action"`
	Reason Reason `json:"reason"`
	Rule   int    `json:"rule,omitempty"` // of the policy, from 1, that decided
	*Use
}

// Manifest is a decision about a manifest of the repository.
type Manifest struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"` // of the manifest alone, bytes
	Action    Action `json:"action"`
	Reason    Reason `json:"reason"`
	From      string `json:"from,omitempty"` // the digest that decided, for children and referrers
	*Use
	// Order is the place in the order of deletion within the repository: indexes
	// before their children, and what refers to something after it.
	Order int `json:"order,omitempty"`
}

// Use says where clusters name an image: the strongest reasons first, and only a few
// of many. It is nil where none does.
type Use struct {
	Sites     []roots.Site `json:"sites,omitempty"`
	SiteCount int          `json:"siteCount,omitempty"` // of all, also those not listed
}

// Totals sum a plan up. Bytes are of the storage.
type Totals struct {
	Repositories    int   `json:"repositories"`
	Tags            int   `json:"tags"`
	TagsDeleted     int   `json:"tagsDeleted"` // with those that are only untagged
	Manifests       int   `json:"manifests"`
	ManifestsGone   int   `json:"manifestsDeleted"`
	GarbageBytes    int64 `json:"garbageBytes"`  // free already by a garbage collection; -1: not known
	ReclaimBytes    int64 `json:"reclaimBytes"`  // that this plan adds
	CommonBytes     int64 `json:"commonBytes"`   // of reclaimBytes, what several repositories need now
	SharedBytes     int64 `json:"sharedBytes"`   // of what goes, that others need
	Exact           bool  `json:"exact"`         // false: reclaimBytes is an upper bound
	UntaggedKept    int   `json:"untaggedKept"`  // untagged manifests that stay and that nothing which stays needs
	UntaggedBytes   int64 `json:"untaggedBytes"` // that a garbage collection would free if they went, too
	Ghosts          int   `json:"ghosts"`
	RepositoriesOut int   `json:"emptyRepositories"` // that have no tags now
}

// Guard is a reason not to apply a plan, and the flag that overrules it.
type Guard struct {
	ID       string `json:"id"` // max-delete, empty-repository, no-references
	Text     string `json:"text"`
	Overrule string `json:"overrule"` // a flag
}
