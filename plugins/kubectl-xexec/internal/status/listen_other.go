//go:build !unix

package status

// listen has nothing to listen to: there is no SIGUSR1, and a read of the keyboard
// could not be taken back.
func (s *Status) listen() (release func()) { return func() {} }
