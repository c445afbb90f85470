package alike

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
)

// Print is a fingerprint. It depends on nothing but what it was made from: the
// same on every machine, in every run.
type Print [sha256.Size]byte

// String is the short form that people see and name, 8 hexadecimal digits.
func (p Print) String() string { return p.Long()[:8] }

// Long is the whole fingerprint.
func (p Print) Long() string { return hex.EncodeToString(p[:]) }

// Sum is what a [Hasher] found.
type Sum struct {
	Print  Print  // with everything replaced
	Raw    Print  // of the output as it is; the same as Print if nothing was replaced
	Masked Counts // what was replaced
}

// Hasher makes the fingerprints of one target while its output arrives. It keeps
// some 16 KiB of each stream. Its two writers may be used by two goroutines at
// once; Sum may not be called before both are done.
type Hasher struct {
	rules   *rules
	streams [2]streamHasher
}

// NewHasher returns the Hasher of a target.
func NewHasher(id Identity, masks Masks) *Hasher {
	h := &Hasher{rules: newRules(id, masks)}
	for i := range h.streams {
		s := &h.streams[i]
		s.sink.clean = sha256.New()
		s.scrub = scrubber{rules: h.rules, to: &s.sink}
	}
	return h
}

// Stdout takes what the target writes to stdout. It never fails.
func (h *Hasher) Stdout() io.Writer { return &h.streams[0] }

// Stderr takes what the target writes to stderr. It never fails.
func (h *Hasher) Stderr() io.Writer { return &h.streams[1] }

// version is part of every fingerprint, and grows with every change that would
// give the same output another one.
const version = "alike 1"

// Sum ends both streams and returns the fingerprints. It may be called once.
func (h *Hasher) Sum(v Verdict) Sum {
	var sum Sum
	reason, masked := h.rules.replace(v.Reason)
	sum.Masked = masked
	clean, raw := newFrame(v, reason), newFrame(v, v.Reason)
	for i := range h.streams {
		s := &h.streams[i]
		s.scrub.end()
		s.sink.add(clean, raw)
		for k, n := range s.sink.counts {
			sum.Masked[k] += n
		}
	}
	sum.Print, sum.Raw = clean.print(), raw.print()
	return sum
}

// streamHasher hashes one stream.
type streamHasher struct {
	scrub scrubber
	sink  hashSink
}

func (s *streamHasher) Write(p []byte) (int, error) {
	s.scrub.write(p)
	return len(p), nil
}

// hashSink hashes a stream with and without replacements. Up to the first one both
// are the same, and only one is made.
type hashSink struct {
	clean  hash.Hash
	raw    hash.Hash // nil: as clean
	marks  hash.Hash // where what was replaced; nil: nothing
	size   uint64    // of the clean text
	cut    uint64    // raw bytes minus clean bytes, modulo 2⁶⁴
	counts Counts
	mark8  [9]byte
}

func (h *hashSink) text(p []byte) {
	h.clean.Write(p)
	if h.raw != nil {
		h.raw.Write(p)
	}
	h.size += uint64(len(p))
}

// mark also hashes where it was, so that a target that writes "<pod>" itself is not
// taken for one that writes its name.
func (h *hashSink) mark(k Kind, original []byte) {
	if h.raw == nil {
		h.raw, h.marks = fork(h.clean), sha256.New()
	}
	binary.BigEndian.PutUint64(h.mark8[:], h.size)
	h.mark8[8] = byte(k)
	h.marks.Write(h.mark8[:])
	h.clean.Write([]byte(placeholders[k]))
	h.raw.Write(original)
	h.size += uint64(len(placeholders[k]))
	h.cut += uint64(len(original)) - uint64(len(placeholders[k]))
	h.counts[k]++
}

// add adds the stream to both fingerprints.
func (h *hashSink) add(clean, raw *frame) {
	if h.raw == nil {
		sum := h.clean.Sum(nil)
		clean.stream(h.size, sum, nil)
		raw.stream(h.size, sum, nil)
		return
	}
	clean.stream(h.size, h.clean.Sum(nil), h.marks.Sum(nil))
	raw.stream(h.size+h.cut, h.raw.Sum(nil), nil)
}

// frame puts a fingerprint together from parts of known length, so that no two
// different results make the same sequence of bytes.
type frame struct{ hash hash.Hash }

func newFrame(v Verdict, reason string) *frame {
	f := &frame{sha256.New()}
	f.part([]byte(version))
	f.part([]byte(v.Outcome))
	f.number(uint64(int64(v.Code)))
	f.part([]byte(reason))
	return f
}

func (f *frame) stream(size uint64, sum, marks []byte) {
	f.number(size)
	f.part(sum)
	f.part(marks)
}

func (f *frame) part(p []byte) {
	f.number(uint64(len(p)))
	f.hash.Write(p)
}

func (f *frame) number(n uint64) {
	f.hash.Write(binary.BigEndian.AppendUint64(nil, n))
}

func (f *frame) print() (p Print) {
	f.hash.Sum(p[:0])
	return p
}

// fork returns a hash that goes on from where h is.
func fork(h hash.Hash) hash.Hash {
	if c, ok := h.(hash.Cloner); ok {
		if clone, err := c.Clone(); err == nil {
			return clone
		}
	}
	return nil // never: SHA-256 can be cloned
}
