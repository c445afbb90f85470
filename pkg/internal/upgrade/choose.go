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
	known := d.recall(off)
	if known == useSPDY {
		return spdy()
	}
	err := webSocket()
	if err == nil {
		d.remember(off, useWebSocket)
		return nil
	}
	if known == useWebSocket || !Fallback(err) {
		return err
	}
	err = spdy()
	if err == nil {
		d.remember(off, useSPDY)
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
