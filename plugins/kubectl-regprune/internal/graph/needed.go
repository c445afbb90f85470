package graph

// Needed are all digests that linked manifests need, themselves among them, each with
// the repositories that need it. What an index names is needed if it is not
// linked, too: more than the server's garbage collection keeps is never asked for.
func (g *Registry) Needed() map[string][]string {
	needed := map[string][]string{}
	for _, r := range g.Repositories {
		seen := map[string]bool{}
		need := func(digest string) {
			if !seen[digest] {
				seen[digest] = true
				needed[digest] = append(needed[digest], r.Name)
			}
		}
		for _, digest := range r.Linked {
			need(digest)
			m := g.Manifests[digest]
			if m == nil {
				continue
			}
			if m.Config != nil {
				need(m.Config.Digest)
			}
			for _, l := range m.Layers {
				need(l.Digest)
			}
			for _, child := range m.Children {
				need(child)
			}
		}
	}
	return needed
}
