package upgrade

import (
	"os"
	"strconv"
)

type choice int

const (
	unknown choice = iota
	useWebSocket
	useSPDY
)

// Either runs one of two ways to the same end: webSocket first and, where
// WebSockets turn out to be impossible (see [Fallback]), spdy. What worked is
// remembered for the rest of the run, so that a server without WebSockets costs
// one refused request and not one for each connection.
//
// off names an environment variable that forces SPDY when it is set to false;
// kubectl's own are KUBECTL_REMOTE_COMMAND_WEBSOCKETS for exec and
// KUBECTL_PORT_FORWARD_WEBSOCKETS for port-forward. The memory is per off, as
// a server may know the one and not the other.
func (d *Dialer) Either(off string, webSocket, spdy func() error) error {
	return d.inOrder(off, way{useWebSocket, webSocket}, way{useSPDY, spdy})
}

// EitherEndToEnd is [Dialer.Either] with SPDY first: its bytes pass the servers on
// the way unchanged, while a WebSocket is translated by one of them. WebSockets
// come first still if the variable off is set to true, for networks in which SPDY
// hangs instead of being refused.
func (d *Dialer) EitherEndToEnd(off string, webSocket, spdy func() error) error {
	if on, err := strconv.ParseBool(os.Getenv(off)); err == nil && on {
		return d.Either(off, webSocket, spdy)
	}
	return d.inOrder(off, way{useSPDY, spdy}, way{useWebSocket, webSocket})
}

// way is one of the two ways to connect.
type way struct {
	name choice
	dial func() error
}

func (d *Dialer) inOrder(off string, first, second way) error {
	known := d.recall(off)
	if known == second.name {
		return second.dial()
	}
	err := first.dial()
	if err == nil {
		d.remember(off, first.name)
		return nil
	}
	if known == first.name || !Fallback(err) {
		return err
	}
	err = second.dial()
	if err == nil {
		d.remember(off, second.name)
	}
	return err
}

func (d *Dialer) recall(off string) choice {
	if on, err := strconv.ParseBool(os.Getenv(off)); err == nil && !on {
		return useSPDY
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.chosen[off]
}

// remember keeps the first answer: of several dials at once, one may fall back
// because of a passing fault in a proxy while the others succeed.
func (d *Dialer) remember(off string, c choice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.chosen[off] == unknown {
		d.chosen[off] = c
	}
}
