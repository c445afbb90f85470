package roots

import (
	"slices"
	"strconv"
	"strings"
)

// walker goes through an object and finds what specifies containers, at any depth:
// pod specifications wherever they are embedded, and the containers of workflow
// engines, whose fields have names of their own.
type walker struct {
	site Site // of the object; Field is filled in
	add  func(image string, status bool, s Site)
	deep *deepScan // nil if only specifications count
	path []byte    // of what is looked at
}

// containerLists and singleContainers are fields that hold containers: those of
// Kubernetes, then those of Tekton and Argo.
var (
	containerLists   = map[string]bool{"containers": true, "initContainers": true, "ephemeralContainers": true, "steps": true, "sidecars": true}
	singleContainers = map[string]bool{"container": true, "script": true, "stepTemplate": true}
)

// object walks through an object as the API server has it. Metadata specify nothing.
func (w *walker) object(o map[string]any) {
	for key, v := range o {
		if key == "metadata" {
			w.metadata(v)
			continue
		}
		w.field(key, v)
	}
}

// metadata has texts in annotations and labels; the rest is the API server's.
func (w *walker) metadata(v any) {
	meta, ok := v.(map[string]any)
	if !ok || w.deep == nil {
		return
	}
	w.in(".metadata", func() {
		for _, key := range []string{"annotations", "labels"} {
			if inner, ok := meta[key]; ok {
				w.field(key, inner)
			}
		}
	})
}

// in runs f with segment at the end of the path.
func (w *walker) in(segment string, f func()) {
	n := len(w.path)
	w.path = append(w.path, segment...)
	f()
	w.path = w.path[:n]
}

// segment is how a field is written in a path.
func segment(key string) string {
	if key == "" || strings.ContainsAny(key, "./[] \t\n") {
		return "[" + key + "]"
	}
	return "." + key
}

// element is how an element of a list is written: by its name, or else by its
// position.
func element(i int, v any) string {
	if m, ok := v.(map[string]any); ok {
		if name, ok := m["name"].(string); ok && name != "" {
			return "[" + name + "]"
		}
	}
	return "[" + strconv.Itoa(i) + "]"
}

func (w *walker) field(key string, v any) {
	w.in(segment(key), func() {
		switch v := v.(type) {
		case map[string]any:
			if singleContainers[key] {
				w.container(v)
			}
			w.fields(v)
		case []any:
			for i, e := range v {
				w.in(element(i, e), func() { w.element(key, e) })
			}
		case string:
			w.text(v, key != "image") // runtimes have a default for that
		}
	})
}

// fields walks through the fields of a map. What has its parts in several of them is
// taken as a whole, and not each part for an image of its own.
func (w *walker) fields(m map[string]any) {
	used := append(w.artifacts(m), w.split(m))
	for k, v := range m {
		if _, text := v.(string); !text || k == "" || !slices.Contains(used, k) {
			w.field(k, v)
		}
	}
}

func (w *walker) element(list string, v any) {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case containerLists[list]:
			w.container(v)
		case list == "volumes":
			w.volume(v)
		}
		w.fields(v)
	case []any:
		for i, e := range v {
			w.in(element(i, e), func() { w.element("", e) })
		}
	case string:
		w.text(v, true)
	}
}

func (w *walker) container(c map[string]any) {
	if image, ok := c["image"].(string); ok {
		w.in(".image", func() { w.specified(image) })
	}
}

// volume is one that may be an image: of a pod, or the disk of a virtual machine of
// KubeVirt's, which has no pod while it is stopped.
func (w *walker) volume(v map[string]any) {
	for _, at := range [][2]string{{"image", "reference"}, {"containerDisk", "image"}} {
		source, _ := v[at[0]].(map[string]any)
		if image, ok := source[at[1]].(string); ok {
			w.in("."+at[0]+"."+at[1], func() { w.specified(image) })
		}
	}
}

// specified takes the image of a container or volume. An empty one is what
// controllers fill in later, and OpenShift writes a space for that.
func (w *walker) specified(image string) {
	if image = strings.TrimSpace(image); image != "" {
		w.add(image, false, w.here(w.site.Why))
	}
}

// here is the place that is looked at.
func (w *walker) here(why string) Site {
	s := w.site
	s.Field, s.Why = strings.TrimPrefix(string(w.path), "."), why
	return s
}
