package registrytest

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Spec describes a big registry. The zero value of every field but Repositories and
// Tags is a useful one.
type Spec struct {
	Repositories int
	Tags         int // of each repository
	Images       int // of each repository, which its tags take turns to name; 0: one for each tag

	Name  func(repo int) string         // default seed/00000
	Tag   func(tag int) string          // default 1, 2, 3
	Image func(repo, image int) Builder // default [SeedImage]
}

func (s Spec) withDefaults() Spec {
	if s.Images <= 0 || s.Images > s.Tags {
		s.Images = s.Tags
	}
	if s.Name == nil {
		s.Name = func(i int) string { return fmt.Sprintf("seed/%05d", i) }
	}
	if s.Tag == nil {
		s.Tag = func(i int) string { return strconv.Itoa(i + 1) }
	}
	if s.Image == nil {
		s.Image = func(repo, i int) Builder { return SeedImage(repo, i) }
	}
	return s
}

var seedLayer = Layer("a layer that all images share", 4096)

// SeedImage is an image with a layer that all share and a configuration of its own,
// created image hours after the beginning of 2024.
func SeedImage(repo, image int) Image {
	return Image{
		Layers:  [][]byte{seedLayer},
		Created: time.Date(2024, 1, 1, image, 0, 0, 0, time.UTC),
		Labels:  map[string]string{"repository": strconv.Itoa(repo), "build": strconv.Itoa(image)},
	}
}

// Seed writes a big registry into a folder, see [Write]. No server may run on it yet.
func Seed(root string, spec Spec) error {
	spec = spec.withDefaults()
	total := int64(spec.Repositories) * int64(spec.Images)
	var next atomic.Int64
	failed := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for w := range failed {
		workers.Go(func() {
			for failed[w] == nil {
				i := next.Add(1) - 1
				if i >= total {
					return
				}
				failed[w] = spec.write(root, int(i)/spec.Images, int(i)%spec.Images)
			}
		})
	}
	workers.Wait()
	return errors.Join(failed...)
}

func (s Spec) write(root string, repo, image int) error {
	var tags []string
	for t := image; t < s.Tags; t += s.Images {
		tags = append(tags, s.Tag(t))
	}
	return Write(root, s.Name(repo), s.Image(repo, image), tags...)
}
