package kubetest

import (
	"context"
	"io"
	"time"
)

// lastWords is how long containerd lets one direction run on after the other
// has ended.
const lastWords = time.Second

// PortForward connects a stream to a port of a pod. It copies the habits of
// containerd: the end of either direction ends the connection a second later,
// so that a half-closed client gets that long to read its answer.
func (c *containers) PortForward(ctx context.Context, pod string, port int32, stream io.ReadWriteCloser) error {
	defer c.forwards.enter()()
	defer stream.Close()
	conn, err := c.dial(ctx, pod, port)
	if err != nil {
		return err
	}
	defer conn.Close()
	ended := make(chan error, 2)
	go func() {
		_, err := io.Copy(stream, conn)
		ended <- err
	}()
	go func() {
		_, err := io.Copy(conn, stream)
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case second := <-ended:
		if err == nil {
			err = second
		}
	case <-timer.C:
	case <-c.ctx.Done():
	}
	return err
}
