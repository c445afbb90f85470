package htmlview

import (
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

// mapper knows where things are in the map.
type mapper struct {
	usage *usage.Usage // or nil
	plan  *plan.Plan   // or nil
	now   time.Time
	nodes map[string]*htmlreport.Node // by repository, or by repository and digest
	gone  map[string]bool             // digests that go, by repository and digest
	tags  map[string]int              // tags that go, by repository
	kept  map[string]int
}

func newMapper(u *usage.Usage, p *plan.Plan) *mapper {
	m := &mapper{usage: u, plan: p, nodes: map[string]*htmlreport.Node{}, gone: map[string]bool{}, tags: map[string]int{}, kept: map[string]int{}}
	if p == nil {
		return m
	}
	for _, r := range p.Repos {
		for _, one := range r.Manifests {
			if one.Action == plan.Delete {
				m.gone[key(r.Name, one.Digest)] = true
			}
		}
		for _, t := range r.Tags {
			if t.Action == plan.Keep {
				m.kept[r.Name]++
			} else {
				m.tags[r.Name]++
			}
		}
	}
	return m
}

func key(repository, digest string) string { return repository + "@" + digest }

const goes = "goes"

func (m *mapper) tree() *htmlreport.Node {
	root := &htmlreport.Node{Name: "(registry)", Title: "the registry"}
	if m.usage == nil {
		root.Children = m.withoutSizes()
		return root
	}
	t := m.usage.Totals
	list, _ := m.usage.Largest(0)
	rest := &htmlreport.Node{Rest: true}
	others := 0
	for i, r := range list {
		n := m.repository(r)
		if i < mostRepositories || i == mostRepositories && len(list) == mostRepositories+1 {
			m.nodes[r.Name] = n
			root.Children = append(root.Children, n)
			continue
		}
		others++
		rest.Values = sum(rest.Values, []float64{float64(r.ExclusiveBytes), float64(r.Tags)})
		rest.Ratios = m.share(float64(r.Freed)+ratioOf(rest, 0), float64(r.ExclusiveBytes)+ratioOf(rest, 1))
	}
	if others > 0 {
		rest.Name = "(" + counted(others, "smaller repository", "smaller repositories") + ")"
		root.Children = append(root.Children, rest)
	}
	root.Children = append(root.Children, m.leaf("(shared by repositories)", "needed by several repositories", t.SharedBytes, t.FreedShared))
	if t.GarbageBytes > 0 {
		garbage := m.leaf("(garbage)", "garbage: no manifest needs it, and a garbage collection frees it", t.GarbageBytes, t.GarbageBytes)
		if m.plan == nil { // beside what has an age
			garbage.Rest, garbage.Mark = true, ""
		}
		root.Children = append(root.Children, garbage)
	}
	return root
}

func ratioOf(n *htmlreport.Node, i int) float64 {
	if len(n.Ratios) == 0 {
		return 0
	}
	return n.Ratios[0][i]
}

func sum(a, b []float64) []float64 {
	out := append([]float64(nil), b...)
	for i := range a {
		out[i] += a[i]
	}
	return out
}

// share is the part of a plan that colours stand for.
func (m *mapper) share(part, whole float64) [][2]float64 {
	if m.plan == nil {
		return [][2]float64{{}}
	}
	return [][2]float64{{part, whole}}
}

// leaf is a node that is no image.
func (m *mapper) leaf(name, title string, bytes, freed int64) *htmlreport.Node {
	n := &htmlreport.Node{Name: name, Title: title, Values: []float64{float64(bytes), 0}, Ratios: m.share(float64(freed), float64(bytes))}
	if freed > 0 && freed == bytes {
		n.Mark = goes
	}
	return n
}

func (m *mapper) repository(r *usage.Repository) *htmlreport.Node {
	n := &htmlreport.Node{Name: r.Name, Title: r.Name}
	list, _ := r.Largest(0)
	rest, others := &htmlreport.Node{Rest: true}, 0
	var freed, whole float64
	tags := 0
	for i, image := range list {
		tags += len(image.Tags)
		if i < mostImages || i == mostImages && len(list) == mostImages+1 {
			n.Children = append(n.Children, m.image(r, image))
			continue
		}
		others++
		rest.Values = sum(rest.Values, []float64{float64(image.ExclusiveBytes), float64(len(image.Tags))})
		freed, whole = freed+float64(image.Freed), whole+float64(image.ExclusiveBytes)
	}
	if others > 0 {
		rest.Name = "(" + counted(others, "smaller image", "smaller images") + ")"
		rest.Title, rest.Ratios = r.Name+": "+rest.Name, m.share(freed, whole)
		n.Children = append(n.Children, rest)
	}
	within := m.leaf("(shared within)", r.Name+": needed by several of its images", r.WithinBytes, r.FreedWithin)
	within.Values[1] = float64(r.Tags - tags) // of signatures, and ghosts
	n.Children = append(n.Children, within)
	if r.Untagged.Manifests > 0 {
		n.Children = append(n.Children, m.leaf("(untagged)", r.Name+": only untagged manifests need it", r.Untagged.Bytes, r.Untagged.Freed))
	}
	return n
}

func (m *mapper) image(r *usage.Repository, image *usage.Image) *htmlreport.Node {
	n := &htmlreport.Node{Name: some(image.Tags), Title: r.Name + ":" + some(image.Tags),
		Values: []float64{float64(image.ExclusiveBytes), float64(len(image.Tags))}}
	m.nodes[key(r.Name, image.Digest)] = n
	if m.plan != nil {
		n.Ratios = m.share(float64(image.Freed), float64(image.ExclusiveBytes))
		if m.gone[key(r.Name, image.Digest)] {
			n.Mark = goes
		}
		return n
	}
	n.Ratios = [][2]float64{{}}
	if since := since(image); !since.IsZero() && !m.now.IsZero() {
		n.Ratios[0] = [2]float64{max(m.now.Sub(since).Seconds(), 1), 1}
	}
	return n
}

func since(image *usage.Image) time.Time {
	if !image.Pushed.IsZero() {
		return image.Pushed
	}
	return image.Created
}

func some(names []string) string {
	const few = 2
	text := ""
	for i, name := range names[:min(few, len(names))] {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	if len(names) > few {
		text += " …"
	}
	return text
}

// withoutSizes counts tags.
func (m *mapper) withoutSizes() (list []*htmlreport.Node) {
	for _, r := range m.plan.Repos {
		if len(r.Tags) == 0 {
			continue
		}
		stay, go1 := float64(m.kept[r.Name]), float64(m.tags[r.Name])
		n := &htmlreport.Node{Name: r.Name, Title: r.Name}
		if stay > 0 {
			n.Children = append(n.Children, &htmlreport.Node{Name: "(stay)", Title: r.Name + ": tags that stay", Values: []float64{stay}, Ratios: m.share(0, stay)})
		}
		if go1 > 0 {
			n.Children = append(n.Children, &htmlreport.Node{Name: "(go)", Title: r.Name + ": tags that go", Values: []float64{go1}, Ratios: m.share(go1, go1), Mark: goes})
		}
		m.nodes[r.Name] = n
		list = append(list, n)
	}
	return list
}
