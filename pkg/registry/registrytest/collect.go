package registrytest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// GarbageCollect runs the server's own garbage collection, in another process as
// everybody does, and returns what it printed. Arguments are -d (dry run) and -m
// (untagged manifests too).
func (s *Server) GarbageCollect(args ...string) (string, error) {
	path, err := program(s.Version)
	if err != nil {
		return "", err
	}
	defer s.pushed.forget()
	cmd := s.command(path, append(append([]string{"garbage-collect"}, args...), s.Config)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("garbage-collect: %w", err)
	}
	return string(out), nil
}

// BlobFiles are the sizes of all blobs on disk, manifests included, by digest.
func (s *Server) BlobFiles() map[string]int64 {
	s.tb.Helper()
	sizes := map[string]int64{}
	err := filepath.WalkDir(s.Folder("blobs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "data" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := filepath.Dir(path) // ALGORITHM/xx/SUM
		sizes[filepath.Base(filepath.Dir(filepath.Dir(sum)))+":"+filepath.Base(sum)] = info.Size()
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.tb.Fatal(err)
	}
	return sizes
}

// BlobFile is where the content of a digest is kept.
func (s *Server) BlobFile(digest string) string { return blobFile(s.Root, digest) }

// Uploads are the uploads to a repository that were begun and neither finished nor
// cancelled. Of one that was cancelled, distribution leaves a folder without a date.
func (s *Server) Uploads(repo string) []string {
	s.tb.Helper()
	entries, err := os.ReadDir(s.Folder("repositories", repo, "_uploads"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.tb.Fatal(err)
	}
	var ids []string
	for _, e := range entries {
		if _, err := os.Stat(s.Folder("repositories", repo, "_uploads", e.Name(), "startedat")); err == nil {
			ids = append(ids, e.Name())
		}
	}
	return ids
}
