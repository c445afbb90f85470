package plan

import (
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// maxSites are listed for each tag or manifest: a plan says why, and is no inventory
// of the cluster.
const maxSites = 10

func use(sites []roots.Site) *Use {
	if len(sites) == 0 {
		return nil
	}
	return &Use{Sites: sites[:min(len(sites), maxSites)], SiteCount: len(sites)}
}

// result writes the decisions down.
func (d *decider) result() Repository {
	out := Repository{
		Name: d.repo.Name, Complete: d.repo.Complete,
		Tags: make([]Tag, 0, len(d.repo.Tags)), Manifests: make([]Manifest, 0, len(d.repo.Linked)),
	}
	for _, t := range d.repo.Tags {
		out.Tags = append(out.Tags, d.tag(t))
	}
	order := d.order()
	for _, digest := range d.repo.Linked {
		out.Manifests = append(out.Manifests, d.manifest(digest, order[digest]))
	}
	return out
}

func (d *decider) tag(t graph.Tag) Tag {
	v, decided := d.tags[t.Name]
	out := Tag{Name: t.Name, Digest: t.Digest, Action: Keep, Reason: v.reason, Rule: v.rule, Use: use(v.sites)}
	link, stays := d.kept[t.Digest]
	switch {
	case decided && v.stays:
	case !decided && stays: // an attachment
		out.Reason = d.reasons[t.Digest].reason
		if link.Why != graph.ViaRoot {
			out.Reason = ReferrerOfKept
		}
	case !decided:
		out.Action, out.Reason = Delete, OrphanReferrer
	case !stays:
		out.Action = Delete
	case d.in.Registry.TagsOwn || d.in.Overwrite:
		out.Action = Untag
	default:
		out.Reason = SharedDigest
	}
	return out
}

func (d *decider) manifest(digest string, order int) Manifest {
	out := Manifest{Digest: digest, Action: Keep}
	if m := d.in.Graph.Manifests[digest]; m != nil {
		out.MediaType, out.Size = m.MediaType, m.Size
	}
	if link, stays := d.kept[digest]; stays {
		v := d.reasons[digest]
		out.Reason, out.Use = v.reason, use(v.sites)
		switch {
		case link.Why == graph.ViaChild:
			out.Reason, out.From = ChildOfKept, link.From
		case link.Why == graph.ViaReferrer:
			out.Reason, out.From = ReferrerOfKept, link.From
		case len(v.sites) == 0 && d.named(digest) && v.reason != Unreadable && v.reason != Protected:
			out.Reason = Tagged
		}
		return out
	}
	out.Action, out.Order = Delete, order
	link, belongs := d.descends[digest]
	switch {
	case d.named(digest):
		out.Reason = NotKept
	case belongs && link.Why == graph.ViaChild:
		out.Reason, out.From = ChildOfDeleted, link.From
	case belongs, len(d.tagged[digest]) > 0:
		out.Reason, out.From = OrphanReferrer, link.From
	default:
		out.Reason = UntaggedGone
	}
	return out
}

// order says of what goes in which round it has to go: an index before its children,
// an image before its signatures, so that what is interrupted leaves no index
// without children. From 1.
func (d *decider) order() map[string]int {
	order := map[string]int{}
	depth := map[string]int{}
	var visit func(digest string) int
	edges := d.in.Graph.Dependents(d.repo)
	visit = func(digest string) int {
		if n, seen := depth[digest]; seen {
			return n
		}
		depth[digest] = 1 // ends a cycle, which names of attachments can make
		for _, above := range edges[digest] {
			if d.going[above] {
				depth[digest] = max(depth[digest], visit(above)+1)
			}
		}
		return depth[digest]
	}
	for _, digest := range d.repo.Linked {
		if d.going[digest] {
			order[digest] = visit(digest)
		}
	}
	return order
}
