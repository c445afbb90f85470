package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what is read, far above what is written: a damaged file must not take
// the memory of the machine.
const (
	maxLine    = 4 << 20
	maxTargets = 1 << 20
)

// ErrNoRun is what errors of [Store.Load] are ([errors.Is]) if there is no such run.
var ErrNoRun = errors.New("no such run")

// List returns all runs, the newest first, without targets and rows. Runs whose
// header cannot be read are left out.
func (s *Store) List() ([]*Run, error) {
	root, list, err := s.files()
	if err != nil || root == nil {
		return nil, err
	}
	defer root.Close()
	var runs []*Run
	for _, f := range list {
		if r, err := load(root, f, true); err == nil {
			r.Targets, r.Rows = nil, nil
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// Load reads one run. It is named by its ID, by a beginning or by the end of that,
// as long as no other has the same; by "last" or -1, which is the newest; or by -2
// for the one before that, and so on. The error is an [ErrNoRun] if there is none.
func (s *Store) Load(name string) (*Run, error) {
	root, list, err := s.files()
	if err != nil {
		return nil, err
	}
	if root != nil {
		defer root.Close()
	}
	f, err := find(list, name)
	if err != nil {
		return nil, err
	}
	return load(root, f, false)
}

// files opens the folder; there is none, and no error, before the first run. An empty
// file is no run: the disk was full, or the process was killed at once.
func (s *Store) files() (*os.Root, []stored, error) {
	root, err := openDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	list, err := files(root)
	if err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	return root, slices.DeleteFunc(list, func(f stored) bool { return f.size == 0 }), nil
}

func find(list []stored, name string) (stored, error) {
	none := fmt.Errorf("looking for run %q: %w", name, ErrNoRun)
	if name == "last" {
		name = "-1"
	}
	if n, err := strconv.Atoi(name); err == nil && n < 0 {
		if -n > len(list) {
			return stored{}, none
		}
		return list[-n-1], nil
	}
	var found []stored
	for _, f := range list {
		if f.id == name {
			return f, nil
		}
		if name != "" && (strings.HasPrefix(f.id, name) || strings.HasSuffix(f.id, "-"+name)) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return stored{}, none
	case 1:
		return found[0], nil
	case 2:
		return stored{}, fmt.Errorf("looking for run %q: it may be %s or %s", name, found[0].id, found[1].id)
	}
	return stored{}, fmt.Errorf("looking for run %q: it may be %s, %s or another of %d", name, found[0].id, found[1].id, len(found))
}

func load(root *os.Root, f stored, brief bool) (*Run, error) {
	file, err := root.Open(f.name)
	if err != nil {
		return nil, fmt.Errorf("reading run %s: %w", f.id, err)
	}
	defer file.Close()
	// The lock is asked for first: whoever ends in between has an end to show.
	alive := !tryLock(file)
	var in io.Reader = file
	if brief {
		in = ends(file, f.size)
	}
	r, err := read(in, alive, strings.HasSuffix(f.name, partial), brief && in != io.Reader(file))
	if err != nil {
		return nil, fmt.Errorf("reading run %s: %w", f.id, err)
	}
	r.ID = f.id
	return r, nil
}

// read reads a run from its file. Lines that cannot be understood damage it; without
// a header there is none.
func read(from io.Reader, alive, damaged, brief bool) (*Run, error) {
	in := bufio.NewReaderSize(from, 64<<10)
	first, whole, err := readLine(in)
	if err != nil {
		return nil, err
	}
	p := &parser{damaged: damaged, brief: brief}
	if !whole || p.header(first) != nil {
		return nil, errors.New("it has no header")
	}
	for {
		line, whole, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return p.finish(alive), nil
		}
		if err != nil {
			return nil, err
		}
		// What is cut short at the end was being written when the process was killed,
		// or is being written now. The notes before it are whole, and the attempt that
		// it may have been about had not begun: that is no damage.
		torn := !bytes.HasSuffix(line, []byte("\n"))
		if !torn && (!whole || p.line(line) != nil) {
			p.damaged = true
		}
	}
}

// ends is a file that has an end line, without what is between that and the header;
// of any other file it is all.
func ends(file *os.File, size int64) io.Reader {
	var tail [8 << 10]byte
	at := max(0, size-int64(len(tail)))
	n, err := file.ReadAt(tail[:], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return file
	}
	text := bytes.TrimSuffix(tail[:n], []byte("\n"))
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	var e endLine
	if json.Unmarshal(last, &e) != nil || e.Kind != kindEnd {
		return file
	}
	header, whole, err := readLine(bufio.NewReader(io.NewSectionReader(file, 0, size)))
	if err != nil || !whole {
		return file
	}
	return io.MultiReader(bytes.NewReader(header), bytes.NewReader(last), strings.NewReader("\n"))
}

// readLine returns the next line, whole if it has an end and a bearable length. Of
// what is too long only the beginning and the end are kept.
func readLine(in *bufio.Reader) (line []byte, whole bool, err error) {
	for {
		piece, err := in.ReadSlice('\n')
		line = append(line[:min(len(line), maxLine+1)], piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, false, nil
		case err != nil:
			return nil, false, err
		}
		return line, len(line) <= maxLine, nil
	}
}
