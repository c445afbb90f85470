package podconn

import (
	"bufio"
	"fmt"
	"io"
	"syscall"

	"github.com/moby/spdystream/spdy"
)

// receiveBuffer is one record of TLS. Payloads larger than what is left in it are
// read straight into the inbox.
const receiveBuffer = 16 << 10

// receiver reads the frames of one connection in order.
type receiver struct {
	*conn
	r       *bufio.Reader
	framer  *spdy.Framer
	replies int // how many streams the node has accepted, 2 are all
}

// receive reads until the wire ends. It waits while the inbox is full, so a caller
// who does not read makes the pod wait.
func (c *conn) receive() {
	defer close(c.receiverGone)
	r := receiver{conn: c, r: bufio.NewReaderSize(c.wire, receiveBuffer)}
	var err error
	r.framer, err = spdy.NewFramerWithOptions(io.Discard, r.r, spdy.WithMaxControlFramePayloadSize(maxControlFrame))
	for err == nil {
		err = r.frame()
	}
	c.end.connectionIsOver(err)
}

func (r *receiver) frame() error {
	head, err := r.r.Peek(frameHeader)
	if err != nil {
		return err
	}
	if head[0]&controlBit != 0 {
		return r.control()
	}
	id, flags, n := dataHeader(head)
	if _, err := r.r.Discard(frameHeader); err != nil {
		return err
	}
	switch id {
	case dataStream:
		// Nodes start forwarding before they confirm the stream, so that
		// data may overtake the reply. They confirm it as well as any.
		r.accepted(2)
		err = r.data(n)
	case errorStream:
		err = r.reason(n)
	default:
		_, err = r.r.Discard(n)
	}
	if err == nil && flags&flagFin != 0 {
		r.over(id, io.EOF)
	}
	return err
}

// accepted notes that the node has accepted n streams by now.
func (r *receiver) accepted(n int) {
	if r.replies < 2 && n >= 2 {
		close(r.opened)
	}
	r.replies = max(r.replies, n)
}

func (r *receiver) data(n int) error {
	for n > 0 {
		room := r.in.room(n)
		k, err := r.r.Read(room)
		r.in.commit(k)
		n -= k
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *receiver) reason(n int) error {
	text := make([]byte, min(n, maxReason))
	if _, err := io.ReadFull(r.r, text); err != nil {
		return err
	}
	if len(text) > 0 {
		r.end.say(text)
	}
	_, err := r.r.Discard(n - len(text))
	return err
}

func (r *receiver) control() error {
	frame, err := r.framer.ReadFrame()
	if err != nil {
		return err
	}
	switch f := frame.(type) {
	case *spdy.SynReplyFrame:
		r.accepted(r.replies + 1)
		if f.CFHeader.Flags&spdy.ControlFlagFin != 0 {
			r.over(f.StreamId, io.EOF)
		}
	case *spdy.RstStreamFrame:
		err := error(syscall.ECONNRESET)
		if r.replies < 2 {
			err = fmt.Errorf("the node refused the stream (SPDY status %d)", f.Status)
		}
		r.over(f.StreamId, err)
	case *spdy.PingFrame:
		if f.Id%2 == 0 { // odd ones are answers to ours
			r.out.control(pingFrame(f.Id), false)
		}
	}
	return nil
}

func (r *receiver) over(id spdy.StreamId, err error) {
	switch id {
	case dataStream:
		r.end.dataIsOver(err)
	case errorStream:
		r.end.reasonIsOver()
	}
}
