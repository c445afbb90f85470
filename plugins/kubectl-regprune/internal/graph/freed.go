package graph

// Freed is what a garbage collection frees once removed manifests are unlinked.
type Freed struct {
	FreedPart
	Garbage int64 // bytes that it would free already now; -1 if the storage was not listed
	Common  int64 // the part of Plan that several repositories need now
	Blobs   int   // that Plan is made of
	Exact   bool  // false: Plan is the most that it can be, as untagged manifests are not known or some size is not
	// Repositories has the parts, in the order of the registry: of Plan what only that
	// one needs, and of Shared what its removed manifests name.
	Repositories []FreedPart
}

// FreedPart is what it frees of all, or of one repository, in bytes.
type FreedPart struct {
	Plan   int64 // in addition to the garbage that there is already
	Shared int64 // that removed manifests name, but others need, too
}

// mark says who needs a blob.
type mark struct {
	before, after bool  // links that there are now, and that stay
	repository    int32 // the only one that needs it now, from 1, or several
	counted       int32 // the last repository whose Shared it has been added to, from 1
}

const several = -1

// Freed says what unlinking removed gains.
func (g *Registry) Freed(removed map[Ref]bool) Freed {
	marks := g.marks(removed)
	f := Freed{Garbage: -1, Exact: g.Complete(), Repositories: make([]FreedPart, len(g.Repositories))}
	f.share(g, marks, removed)
	for d, m := range marks {
		size, ok := g.Size(d)
		f.Exact = f.Exact && ok
		if m.after {
			continue
		}
		f.Plan += size
		f.Blobs++
		if m.repository == several {
			f.Common += size
		} else {
			f.Repositories[m.repository-1].Plan += size
		}
	}
	if g.Stored != nil {
		f.Garbage = 0
		for d, size := range g.Stored {
			if !marks[d].before {
				f.Garbage += size
			}
		}
	}
	return f
}

// marks goes over all links as the server's garbage collection does.
func (g *Registry) marks(removed map[Ref]bool) map[string]mark {
	marks := make(map[string]mark, len(g.Manifests)+len(g.Blobs))
	for i, r := range g.Repositories {
		repository := int32(i + 1) // a slice has fewer
		for _, d := range r.Linked {
			stays := !removed[Ref{r.Name, d}]
			for b := range g.names(d) {
				m := marks[b]
				switch m.repository {
				case 0, repository:
					m.repository = repository
				default:
					m.repository = several
				}
				m.before, m.after = true, m.after || stays
				marks[b] = m
			}
		}
	}
	return marks
}

// share adds up what removed manifests name and others need.
func (f *Freed) share(g *Registry, marks map[string]mark, removed map[Ref]bool) {
	for i, r := range g.Repositories {
		for _, d := range r.Linked {
			if !removed[Ref{r.Name, d}] {
				continue
			}
			for b := range g.names(d) {
				m := marks[b]
				if !m.after || m.counted == int32(i+1) {
					continue
				}
				size, _ := g.Size(b) // unknown ones are nothing; Exact tells
				if m.counted == 0 {
					f.Shared += size
				}
				f.Repositories[i].Shared += size
				m.counted = int32(i + 1)
				marks[b] = m
			}
		}
	}
}
