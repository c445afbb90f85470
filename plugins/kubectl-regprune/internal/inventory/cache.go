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
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Cache remembers what digests stand for. What it holds can never be out of date, as a
// digest has one content for ever; whether it still exists, it does not know. A nil
// *Cache remembers nothing.
type Cache struct {
	path      string
	manifests map[string]*graph.Manifest
	configs   map[string]config
	said      map[string]config // of manifests, before what their configs say is added
}

// cacheFormat changes with what is kept of a manifest: what an older program has left out
// must not look as if it were not there.
const cacheFormat = 2

// record is one line of a cache's file: its format first, then manifests and configs.
type record struct {
	Format   int             `json:"format,omitempty"`
	Manifest *graph.Manifest `json:"m,omitempty"`
	Config   string          `json:"c,omitempty"` // digest
	Created  time.Time       `json:"t,omitzero"`
	Protect  string          `json:"p,omitempty"`
}

// OpenCache loads the cache file at path. One that is missing, or cannot be
// understood, is as good as empty: everything in it can be asked again.
func OpenCache(path string) (*Cache, error) {
	c := &Cache{path: path, manifests: map[string]*graph.Manifest{}, configs: map[string]config{}, said: map[string]config{}}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the cache: %w", err)
	}
	defer file.Close()
	if err := c.load(file); err != nil {
		c.manifests, c.configs = map[string]*graph.Manifest{}, map[string]config{}
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
		if r.Manifest != nil {
			c.manifests[r.Manifest.Digest] = r.Manifest
			continue
		}
		c.configs[r.Config] = config{r.Created, r.Protect}
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

func (c *Cache) config(digest string) (config, bool) {
	if c == nil {
		return config{}, false
	}
	known, ok := c.configs[digest]
	return known, ok
}

func (c *Cache) setConfig(digest string, known config) {
	if c != nil {
		c.configs[digest] = known
	}
}

// hear remembers what a manifest itself says.
func (c *Cache) hear(m *graph.Manifest) {
	if c != nil && (m.Protect != "" || !m.Created.IsZero()) {
		c.said[m.Digest] = config{m.Created, m.Protect}
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
		said := *m
		said.Created, said.Protect = c.said[m.Digest].created, c.said[m.Digest].protect
		if err := out.Encode(record{Manifest: &said}); err != nil {
			return err
		}
		if m.Config == nil {
			continue
		}
		if known, ok := c.configs[m.Config.Digest]; ok {
			if err := out.Encode(record{Config: m.Config.Digest, Created: known.created, Protect: known.protect}); err != nil {
				return err
			}
		}
	}
	return errors.Join(zipped.Close(), buffered.Flush())
}
