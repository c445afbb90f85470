package report

import "bufio"

// writer is what formats write to. Its errors stick, and show when it is flushed.
type writer struct{ *bufio.Writer }

func (w writer) put(s string) { _, _ = w.WriteString(s) }
func (w writer) raw(p []byte) { _, _ = w.Write(p) }
