package podexec

import "time"

// SetTiming shortens the intervals of a client, so that tests need not wait.
func (c *Client) SetTiming(ping, patience, grace time.Duration) {
	c.timing = timing{ping: ping, patience: patience, grace: grace}
}
