package podconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/groups"
	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

const (
	// defaultGrace covers nearly all refusals: a node under heavy load reported
	// half of them within 0.1 ms of accepting the streams, nine in ten within 5.
	defaultGrace = 5 * time.Millisecond
	// openTimeout bounds the wait for the node to accept the streams.
	openTimeout = 30 * time.Second
	// replyTime is how long a dial that has failed waits for overdue replies.
	replyTime = 100 * time.Millisecond
)

// Dialer dials ports of the pods and services of one namespace. Make one with
// [New] and keep it: it remembers TLS sessions and which protocol gets through. It
// is safe for concurrent use.
type Dialer struct {
	namespace string
	client    resolve.Client
	upgrade   *upgrade.Dialer
	timeout   time.Duration
	grace     time.Duration

	openings sync.Map // port → the frames that open streams to it
}

// Option changes a Dialer.
type Option func(*Dialer)

// Client uses an existing client to look up pods and services, instead of one that
// [New] makes from its configuration.
func Client(c resolve.Client) Option {
	return func(d *Dialer) { d.client = c }
}

// Grace sets how long a dial waits for the pod to refuse, 5 ms by default. It is
// the price of each dial to a port that works and sends nothing on its own. With
// 0 a refusal is an error of the first Read or Write.
func Grace(t time.Duration) Option {
	return func(d *Dialer) { d.grace = t }
}

// New prepares a Dialer for pods and services in namespace. It opens no
// connection. If cfg.Timeout is set it bounds each dial, as --request-timeout
// does each request of kubectl.
func New(cfg *rest.Config, namespace string, opts ...Option) (*Dialer, error) {
	up, err := upgrade.New(cfg)
	if err != nil {
		return nil, err
	}
	d := &Dialer{namespace: namespace, upgrade: up, timeout: cfg.Timeout, grace: defaultGrace}
	for _, o := range opts {
		o(d)
	}
	if d.client == nil {
		if d.client, err = groups.New(cfg); err != nil {
			return nil, fmt.Errorf("preparing a client of the API server: %w", err)
		}
	}
	return d, nil
}

// To returns a dial function that goes to addr whatever address it is given, in
// the shape of net/http's DialContext and go-redis's Dialer.
func (d *Dialer) To(addr string) func(ctx context.Context, network, ignored string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, addr)
	}
}

// DialContext connects to addr: pod/NAME:PORT, svc/NAME:PORT or NAME:PORT, which
// means a pod. The network is tcp, tcp4 or tcp6, between which the node chooses.
// The connection also has a CloseWrite method, and its RemoteAddr is an [Addr].
//
// Every step ends with ctx, which has no influence on the connection afterwards.
// An error is a [*PodError] if the node could not connect to the port; most carry
// a hint.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, fmt.Errorf("connecting to %q: %w", addr, net.UnknownNetworkError(network))
	}
	ref, err := resolve.ParsePortRef(addr)
	if err != nil {
		return nil, err
	}
	if d.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.timeout)
		defer cancel()
	}
	target, err := d.find(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("connecting to %q: %w", addr, err)
	}
	c, err := d.open(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("connecting to %q: %w", addr, d.explain(ctx, err, target))
	}
	return c, nil
}

// find looks up where ref leads. A pod and a number are an answer already: whether
// the pod exists and runs is for the API server to say, in the request that
// follows anyway.
func (d *Dialer) find(ctx context.Context, ref resolve.PortRef) (Addr, error) {
	if n := ref.Number(); n != 0 && ref.Kind == resolve.Pod {
		return Addr{d.namespace, ref.Name, n}, nil
	}
	b, err := resolve.Port(ctx, d.client, d.namespace, ref)
	return Addr{b.Namespace, b.Pod, b.Port}, err
}

// open connects to a port and waits until both streams are accepted and the grace
// has passed without a refusal.
func (d *Dialer) open(ctx context.Context, a Addr) (net.Conn, error) {
	frames, err := d.opening(a.Port)
	if err != nil {
		return nil, err
	}
	w, err := dialWire(ctx, d.upgrade, d.upgrade.URL(a.Namespace, a.Pod, "portforward", nil))
	if err != nil {
		return nil, err
	}
	c := newConn(w, a)
	c.out.control(frames, false)
	c.start()
	if err := c.awaitOpen(ctx, d.grace); err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

// opening is kept per port: the compressor of SPDY's headers costs a megabyte of
// memory each time.
func (d *Dialer) opening(port int32) ([]byte, error) {
	if frames, ok := d.openings.Load(port); ok {
		return frames.([]byte), nil
	}
	frames, err := openFrames(port)
	if err == nil {
		d.openings.Store(port, frames)
	}
	return frames, err
}

// awaitOpen waits for the node to accept the streams, and then for the pod to
// refuse, but not for long.
func (c *conn) awaitOpen(ctx context.Context, grace time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, openTimeout, errors.New("the node did not answer in time"))
	defer cancel()
	if err := c.awaitReplies(ctx); err != nil || grace <= 0 {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.in.filled:
		signal(c.in.filled)
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return c.refusal()
}

func (c *conn) awaitReplies(ctx context.Context) error {
	select {
	case <-c.opened:
		// Nothing is ever sent on the error stream. Saying so can wait for the
		// first data.
		c.out.control(finFrame(errorStream), true)
		return nil
	case <-c.in.filled: // nothing can come before the replies but the end
		signal(c.in.filled)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	// A pod can refuse before its node has sent the replies. A node that loses
	// the connection with a reply unsent keeps the stream for ever.
	timer := time.NewTimer(replyTime)
	defer timer.Stop()
	select {
	case <-c.opened:
	case <-c.receiverGone:
	case <-timer.C:
	}
	return c.refusal()
}

// refusal is why the connection is of no use, nil if it is not so. One that ended
// in an orderly way is for the reader to see.
func (c *conn) refusal() error {
	if err, data := c.in.ended(); !data && err != io.EOF {
		return err
	}
	return nil
}

// abort ends a connection that nobody has seen.
func (c *conn) abort() {
	c.out.fail(net.ErrClosed)
	c.Close() //nolint:errcheck // it never fails
}
