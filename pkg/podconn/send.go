package podconn

import "time"

// send writes what is in the outbox until the connection is closed or the wire
// breaks.
func (c *conn) send() {
	defer close(c.senderGone)
	ping := time.NewTicker(pingPeriod)
	defer ping.Stop()
	pings := uint32(0)
	for {
		select {
		case <-c.out.filled:
		case <-ping.C:
			c.out.control(pingFrame(2*pings+1), true)
			pings++
		}
		all, ok := c.out.next()
		if !ok {
			return
		}
		if frames := all.frames(); len(frames) > 0 {
			if err := c.wire.Send(frames); err != nil {
				c.sendingFailed(err)
				return
			}
		}
		if all.last {
			return
		}
	}
}

// frames puts everything in a row, so that it is one message on the wire. The
// usual batch, data alone, is not copied.
func (b batch) frames() []byte {
	var data []byte
	if n := len(b.data) - frameHeader; n > 0 {
		data = b.data
		putDataHeader(data, dataStream, 0, n)
	}
	if b.fin {
		data = append(data, finFrame(dataStream)...)
	}
	if len(b.ctl) == 0 {
		return data
	}
	return append(b.ctl, data...)
}

// sendingFailed makes the failure known to writers. Why the other side has gone
// away may still be on its way to the receiver, and is the better explanation.
func (c *conn) sendingFailed(err error) {
	timer := time.NewTimer(goodbyeTime)
	defer timer.Stop()
	select {
	case <-c.receiverGone:
	case <-timer.C:
	}
	c.out.fail(lost(err))
}
