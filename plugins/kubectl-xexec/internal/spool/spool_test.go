package spool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// noise is n bytes that are the same for the same seed.
func noise(seed uint64, n int) []byte {
	text := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(text)
	return text
}

// fill writes text in pieces of random sizes.
func fill(t testing.TB, s *spool.Spool, text []byte, largest int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for len(text) > 0 {
		n := min(len(text), 1+r.IntN(largest))
		if got, err := s.Write(text[:n]); got != n || err != nil {
			t.Fatalf("Write of %d = %d, %v", n, got, err)
		}
		text = text[n:]
	}
}

func TestBytesComeBack(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 4096, 64 << 10, 64<<10 + 1, 3<<20 + 17} {
		for _, piece := range []int{7, 40_000, 5 << 20} {
			if size > 1<<20 && piece == 7 {
				continue
			}
			s := spool.New(spool.Options{Dir: t.TempDir()})
			text := noise(uint64(size), size)
			fill(t, s, text, piece)
			if got, err := io.ReadAll(s.Reader()); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes in pieces up to %d: got %d, %v", size, piece, len(got), err)
			}
			if size <= 4096 { // it reads byte by byte, too
				if err := iotest.TestReader(s.Reader(), text); err != nil {
					t.Errorf("%d bytes in pieces up to %d: %v", size, piece, err)
				}
			}
			if s.Len() != int64(size) || s.Truncated() {
				t.Errorf("length %d, truncated %v", s.Len(), s.Truncated())
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSmallOutputTouchesNoDisk(t *testing.T) {
	dir := t.TempDir()
	store := spool.NewStore(0, dir)
	s := store.Spool(spool.Options{})
	fill(t, s, noise(1, spool.DefaultMemory), 1000)
	if n := store.Spilled(); n != 0 {
		t.Errorf("%d bytes on disk", n)
	}
	fill(t, s, []byte("x"), 1)
	if n := store.Spilled(); n == 0 {
		t.Error("nothing on disk after more than 64 KiB")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the spill file is visible: %v, %v", left, err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	for _, chunks := range [][]string{{"abcdef"}, {"ab", "cd"}, {"abc", "d"}, {"a", "b", "c", "d", "e"}} {
		s := spool.New(spool.Options{Max: 3})
		for _, c := range chunks {
			if n, err := io.WriteString(s, c); n != len(c) || err != nil {
				t.Fatalf("Write(%q) = %d, %v", c, n, err)
			}
		}
		text, err := io.ReadAll(s.Reader())
		if string(text) != "abc" || err != nil || !s.Truncated() {
			t.Errorf("%q: kept %q, %v, truncated %v", chunks, text, err, s.Truncated())
		}
	}
	s := spool.New(spool.Options{Max: 3})
	fmt.Fprint(s, "abc")
	if s.Truncated() {
		t.Error("exactly the limit counts as truncated")
	}
}

// Many writers share a store while readers follow and snapshot.
func TestFollowWhileWriting(t *testing.T) {
	const spools, size = 20, 300_000
	store := spool.NewStore(512<<10, t.TempDir())
	defer store.Close()
	var wg sync.WaitGroup
	for i := range spools {
		s, text := store.Spool(spool.Options{}), noise(uint64(i), size)
		wg.Go(func() { fill(t, s, text, 20_000); s.End() })
		for range 2 {
			wg.Go(func() {
				got, err := io.ReadAll(s.Follow(t.Context()))
				if err != nil || !bytes.Equal(got, text) {
					t.Errorf("spool %d: followed %d bytes, %v", i, len(got), err)
				}
			})
		}
		wg.Go(func() {
			if got, err := io.ReadAll(s.Reader()); err != nil || !bytes.HasPrefix(text, got) {
				t.Errorf("spool %d: a snapshot of %d bytes is no beginning, %v", i, len(got), err)
			}
		})
	}
	wg.Wait()
}

func TestFollowerStopsWithItsContext(t *testing.T) {
	s := spool.New(spool.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := io.ReadAll(s.Follow(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A queue: what is read is discarded, and its blocks serve again.
func TestDiscardKeepsTheFileSmall(t *testing.T) {
	store := spool.NewStore(0, t.TempDir())
	defer store.Close()
	s := store.Spool(spool.Options{Memory: 64 << 10})
	f, read, written := s.Follow(t.Context()), fnv.New64a(), fnv.New64a()
	text := noise(3, 256<<10)
	for range 100 {
		fill(t, s, text, 30_000)
		written.Write(text)
		if _, err := io.CopyN(read, f, int64(len(text))); err != nil {
			t.Fatal(err)
		}
		s.Discard(f.Offset())
	}
	if n := store.Spilled(); n == 0 || n > 4<<20 {
		t.Errorf("the spill file grew to %d bytes for 256 KiB that wait", n)
	}
	if sum := func(h hash.Hash64) uint64 { return h.Sum64() }; sum(read) != sum(written) {
		t.Error("bytes changed")
	}
}

func TestClosedSpoolsGiveTheirRoomBack(t *testing.T) {
	store := spool.NewStore(256<<10, t.TempDir())
	defer store.Close()
	for range 50 {
		s := store.Spool(spool.Options{})
		fill(t, s, noise(4, 300_000), 10_000)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("late")); !errors.Is(err, os.ErrClosed) {
			t.Errorf("a late write: %v", err)
		}
		if _, err := s.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("a late read: %v", err)
		}
	}
	if n := store.Spilled(); n > 1<<20 {
		t.Errorf("the spill file grew to %d bytes for one spool at a time", n)
	}
}

func TestNoFolderForTheFile(t *testing.T) {
	s := spool.New(spool.Options{Dir: t.TempDir() + "/missing"})
	_, err := s.Write(noise(5, 100_000))
	if !errors.Is(err, os.ErrNotExist) || !s.Truncated() {
		t.Errorf("error %v, truncated %v", err, s.Truncated())
	}
	if _, err := s.Write([]byte("more")); err == nil {
		t.Error("a gap: a write after the failed one succeeded")
	}
}

func BenchmarkAppend(b *testing.B) {
	file, err := os.CreateTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{64, 4 << 10, 32 << 10} {
		p := noise(1, size)
		for _, to := range []struct {
			name string
			make func() io.WriteCloser
		}{
			{"file", func() io.WriteCloser { return nopCloser{file} }},
			{"spool", func() io.WriteCloser { return spool.New(spool.Options{Dir: b.TempDir()}) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", to.name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				w, n := to.make(), 0
				for b.Loop() {
					if n += size; n > 256<<20 { // keep the disk out of it
						w.Close()
						w, n = to.make(), 0
						_ = file.Truncate(0)
						_, _ = file.Seek(0, io.SeekStart)
					}
					if _, err := w.Write(p); err != nil {
						b.Fatal(err)
					}
				}
				w.Close()
			})
		}
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// TestFailedSpoolsAreNotAtTheirEnd lets what a spool was filled from break off while
// somebody follows it.
func TestFailedSpoolsAreNotAtTheirEnd(t *testing.T) {
	broken := errors.New("the input broke off")
	for range 200 {
		s := spool.New(spool.Options{})
		f := s.Follow(t.Context())
		if _, err := s.Write([]byte("half")); err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Fail(broken) }()
		if _, err := io.ReadAll(f); !errors.Is(err, broken) {
			t.Fatalf("it ended with %v", err)
		}
	}
}
