package podconn

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/spdystream/spdy"
)

// TestInbox moves numbered bytes through the ring in steps of all sizes, with the
// reader now ahead and now behind, and checks that none is lost or moved.
func TestInbox(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	b := newInbox()
	in, out := 0, 0
	number := func(i int) byte { return byte(i ^ i>>8 ^ i>>16) }
	for out < 20<<20 {
		if room := b.free(1 + rng.IntN(maxPayload)); len(room) > 0 && rng.IntN(3) > 0 {
			n := 1 + rng.IntN(len(room))
			for i := range n {
				room[i] = number(in + i)
			}
			b.commit(n)
			in += n
		}
		if out>>20%3 == 0 && in-out < inboxMax/2 {
			continue // let it fill
		}
		p := make([]byte, 1+rng.IntN(100_000))
		n, err := b.take(p)
		if err != nil || n == 0 && in != out {
			t.Fatalf("take = %d, %v with %d bytes there", n, err, in-out)
		}
		for i := range n {
			if p[i] != number(out+i) {
				t.Fatalf("byte %d is wrong", out+i)
			}
		}
		out += n
	}
	if len(b.buf) != inboxMax {
		t.Errorf("the ring has %d bytes, want %d: the test does not fill it", len(b.buf), inboxMax)
	}
	b.finish(io.EOF)
	rest, err := b.take(make([]byte, inboxMax))
	if err != nil || rest != in-out {
		t.Errorf("the rest is %d bytes, %v; want %d", rest, err, in-out)
	}
	if _, err := b.take(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the rest: %v", err)
	}
}

// TestOutbox checks what one batch holds, with the frames read by upstream's
// framer.
func TestOutbox(t *testing.T) {
	b := newOutbox()
	b.control(pingFrame(7), false)
	for _, s := range []string{"hello ", "world"} {
		if n, err := b.put([]byte(s)); n != len(s) || err != nil {
			t.Fatalf("put = %d, %v", n, err)
		}
	}
	b.close(io.ErrClosedPipe)
	if n, err := b.put([]byte("late")); n != 0 || err != io.ErrClosedPipe {
		t.Errorf("put after close = %d, %v", n, err)
	}
	all, ok := b.next()
	if !ok || all.last {
		t.Fatalf("next = %+v, %v", all, ok)
	}
	want := []spdy.Frame{
		&spdy.PingFrame{Id: 7},
		&spdy.DataFrame{StreamId: dataStream, Data: []byte("hello world")},
		&spdy.DataFrame{StreamId: dataStream, Flags: spdy.DataFlagFin, Data: []byte{}},
	}
	if diff := cmp.Diff(want, readFrames(t, all.frames()), ignoreHeaders); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	b.finish(net.ErrClosed)
	if all, ok := b.next(); !ok || !all.last || len(all.frames()) != 0 {
		t.Errorf("the end is sent twice: %+v, %v", all, ok)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	b := newOutbox()
	n, err := b.put(make([]byte, 10*maxPayload))
	if n != maxPayload || err != nil {
		t.Errorf("put = %d, %v; want %d", n, err, maxPayload)
	}
	if n, err := b.put([]byte("x")); n != 0 || err != nil {
		t.Errorf("put into a full box = %d, %v", n, err)
	}
	for range 10_000 {
		b.control(pingFrame(2), false)
	}
	if len(b.ctl) > 2*maxControl {
		t.Errorf("%d bytes of control frames are kept", len(b.ctl))
	}
}

func TestOpenFrames(t *testing.T) {
	frames, err := openFrames(6379)
	if err != nil {
		t.Fatal(err)
	}
	header := func(typ string) http.Header {
		return http.Header{"Streamtype": {typ}, "Port": {"6379"}, "Requestid": {"0"}}
	}
	want := []spdy.Frame{
		&spdy.SynStreamFrame{StreamId: errorStream, Headers: header("error")},
		&spdy.SynStreamFrame{StreamId: dataStream, Headers: header("data")},
	}
	if diff := cmp.Diff(want, readFrames(t, frames), ignoreHeaders); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
}

// ignoreHeaders leaves out what the framer alone sets.
var ignoreHeaders = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".CFHeader" }, cmp.Ignore())

func readFrames(t *testing.T, b []byte) (all []spdy.Frame) {
	t.Helper()
	framer, err := spdy.NewFramer(io.Discard, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for {
		f, err := framer.ReadFrame()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
}
