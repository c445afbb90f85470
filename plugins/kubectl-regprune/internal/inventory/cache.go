package inventory

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Cache remembers what digests stand for. What it holds can never be out of date, as a
// digest has one content for ever; whether it still exists, it does not know. A nil
// *Cache remembers nothing.
type Cache struct {
	path      string
	manifests map[string]*graph.Manifest
	images    map[string]said // what manifests and their configs say, by digest of the manifest
	own       map[string]said // what manifests alone say, where they say something
}

// cacheFormat changes with what is kept of a manifest: what an older program has left out
// must not look as if it were not there.
const cacheFormat = 3

// record is one line of a cache's file: its format first, then manifests.
type record struct {
	Format   int             `json:"format,omitempty"`
	Manifest *graph.Manifest `json:"m,omitempty"`
	Image    *said           `json:"i,omitempty"` // with what the config says, if that was read
}

// OpenCache loads the cache file at path. One that is missing, or cannot be
// understood, is as good as empty: everything in it can be asked again.
func OpenCache(path string) (*Cache, error) {
	c := &Cache{path: path, manifests: map[string]*graph.Manifest{}, images: map[string]said{}, own: map[string]said{}}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the cache: %w", err)
	}
	defer file.Close()
	if err := c.load(file); err != nil {
		c.manifests, c.images = map[string]*graph.Manifest{}, map[string]said{}
	}
	return c, nil
}

func (c *Cache) load(file *os.File) error {
	unzipped, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return err
	}
	in := json.NewDecoder(bufio.NewReaderSize(unzipped, 64<<10))
	var first record
	if err := in.Decode(&first); err != nil || first.Format != cacheFormat {
		return errors.Join(err, errors.New("another format"))
	}
	for in.More() {
		var r record
		if err := in.Decode(&r); err != nil {
			return err
		}
		if r.Manifest == nil {
			return errors.New("no manifest")
		}
		c.manifests[r.Manifest.Digest] = r.Manifest
		if r.Image != nil {
			c.images[r.Manifest.Digest] = *r.Image
		}
	}
	return nil
}

// Any reports whether there is anything in the cache.
func (c *Cache) Any() bool { return c != nil && len(c.manifests) > 0 }

// Manifest returns what digest stands for, or nil.
func (c *Cache) Manifest(digest string) *graph.Manifest {
	if c == nil {
		return nil
	}
	return c.manifests[digest]
}

// learned is what an image says, if its config has been read.
func (c *Cache) learned(digest string) (said, bool) {
	if c == nil {
		return said{}, false
	}
	known, ok := c.images[digest]
	return known, ok
}

// hear remembers what a manifest itself says.
func (c *Cache) hear(m *graph.Manifest) {
	if c != nil && (m.Protect != "" || !m.Created.IsZero()) {
		c.own[m.Digest] = said{m.Created, m.Protect}
	}
}

// Save replaces the file by what g has: what is gone from the registry is gone from
// the cache, so it does not grow for ever.
func (c *Cache) Save(g *graph.Registry) error {
	if c == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return fmt.Errorf("saving the cache: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(c.path), ".new-*")
	if err != nil {
		return fmt.Errorf("saving the cache: %w", err)
	}
	defer os.Remove(file.Name())
	if err := errors.Join(c.write(file, g), file.Close()); err != nil {
		return fmt.Errorf("saving the cache: %w", err)
	}
	if err := os.Rename(file.Name(), c.path); err != nil {
		return fmt.Errorf("saving the cache: %w", err)
	}
	return nil
}

func (c *Cache) write(file *os.File, g *graph.Registry) error {
	buffered := bufio.NewWriterSize(file, 64<<10)
	zipped, err := gzip.NewWriterLevel(buffered, gzip.BestSpeed)
	if err != nil {
		return err
	}
	out := json.NewEncoder(zipped)
	if err := out.Encode(record{Format: cacheFormat}); err != nil {
		return err
	}
	for _, m := range g.Manifests {
		if m.Broken != "" {
			continue
		}
		alone, own := *m, c.own[m.Digest]
		alone.Created, alone.Protect = own.Created, own.Protect
		line := record{Manifest: &alone}
		if m.Learned {
			line.Image = &said{m.Created, m.Protect}
		} else if known, ok := c.images[m.Digest]; ok {
			line.Image = &known
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return errors.Join(zipped.Close(), buffered.Flush())
}
