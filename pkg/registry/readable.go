package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// ReadableBlob finds out whether a blob's bytes can be read, by reading its last one,
// and returns the blob's size in bytes. size is what it should be; with a negative
// one the registry is asked for it first. It fails with [ErrUnreadable] if the registry
// has announced the byte and did not send it, several times, and with [ErrSize], and the
// size, if the blob can be read and has another one.
//
// The last byte is there only if all of the file is, though not that it is the right one:
// nothing is hashed. A server that does not know ranges sends all of the blob, of which
// the first byte is read. Nothing is read of a blob without bytes, so there the
// registry's word is all there is.
func (c *Client) ReadableBlob(ctx context.Context, repo, digest string, size int64) (int64, error) {
	if !ValidDigest(digest) {
		return 0, fmt.Errorf("reading a byte of blob: %q is no digest", digest)
	}
	got, err := c.readable(ctx, repo, digest, size)
	if err == nil && size >= 0 && got != size {
		err = fmt.Errorf("reading a byte of blob %q: %w: it has %d bytes, and should have %d", repo+"@"+digest, ErrSize, got, size)
	}
	return got, err
}

// readable reads the last byte of a blob, wherever it is, and returns the blob's size.
func (c *Client) readable(ctx context.Context, repo, digest string, size int64) (_ int64, err error) {
	if size <= 0 {
		size, err = c.StatBlob(ctx, repo, digest)
	}
	for range 3 { // from the second time on, size is what the server says
		if err != nil || size == 0 {
			return 0, err
		}
		p, failed := c.readByte(ctx, repo, digest, size-1)
		if failed != nil && (ctx.Err() != nil || statusOf(failed) != 0) {
			return 0, failed
		}
		said := p.total
		if failed != nil || said < 0 {
			said, err = c.StatBlob(ctx, repo, digest) // some answers to a byte that is not there get lost in proxies
		}
		switch {
		case failed != nil && (err != nil || said == size):
			return 0, failed
		case err == nil && (p.whole || p.read && said == size):
			return said, nil
		}
		size = said
	}
	return 0, fmt.Errorf("reading a byte of blob %q: the server says that it has %d bytes, and does not send the last one", repo+"@"+digest, size)
}

// part is what a server has sent of a blob.
type part struct {
	total int64 // bytes of the blob, -1 if it was not said
	read  bool  // a byte has come
	whole bool  // the server does not know ranges
}

// readByte reads the byte of a blob at an offset, or the first one if the server sends all.
func (c *Client) readByte(ctx context.Context, repo, digest string, offset int64) (p part, err error) {
	r := blobRequest("reading a byte of blob", http.MethodGet, repo, digest)
	r.header = http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", offset, offset)}}
	r.sample = true
	r.check = func(r *response) error {
		if isHTML(r.header) {
			return unexpected("an HTML page, which is no registry's answer")
		}
		p, err = partOf(r, offset)
		return err
	}
	_, err = c.do(ctx, r)
	return p, err
}

func partOf(r *response, offset int64) (part, error) {
	said := r.header.Get("Content-Range")
	at, total := contentRange(said)
	switch {
	case r.status == http.StatusOK:
		return part{total: r.length, read: true, whole: true}, nil
	case r.status == http.StatusRequestedRangeNotSatisfiable:
		return part{total: total}, nil
	case at != fmt.Sprintf("%d-%d", offset, offset):
		return part{}, unexpected("byte %d was asked for, and the server sent %q", offset, said)
	}
	return part{total: total, read: true}, nil
}

// contentRange takes a header of that name apart; total is -1 if it is not known.
func contentRange(text string) (at string, total int64) {
	at, size, _ := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	total, err := strconv.ParseInt(size, 10, 64)
	if err != nil || total < 0 {
		total = -1
	}
	return at, total
}

// sampled reads the first byte of an answer, if one is announced, and leaves the rest:
// closing the body then closes the connection, and a whole layer need not come.
func sampled(ctx context.Context, resp *http.Response) error {
	if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable || resp.StatusCode == http.StatusOK && resp.ContentLength == 0 {
		return nil
	}
	_, err := io.ReadFull(resp.Body, make([]byte, 1))
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err = failure(ctx, err); ctx.Err() != nil {
		return err
	}
	return unreadable(err)
}

// unreadable is worth few attempts: what is gone stays so, and there may be much of it.
func unreadable(err error) error {
	return wrongContent{hint.With(fmt.Errorf("%w: %w", ErrUnreadable, err),
		"restart the registry, or empty its cache if that is in Redis, and try again; what still cannot be read is damaged and has to be pushed again")}
}
