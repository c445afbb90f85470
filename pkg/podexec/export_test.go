package podexec

import "time"

// SetTiming shortens the intervals of a client, so that tests need not wait.
func (c *Client) SetTiming(ping, patience, grace time.Duration) {
	c.timing = timing{ping: ping, patience: patience, grace: grace}
}

// SetSwitch replaces the variable that can switch WebSockets off, so that tests
// of both transports can run side by side.
func (c *Client) SetSwitch(name string) { c.off = name }
