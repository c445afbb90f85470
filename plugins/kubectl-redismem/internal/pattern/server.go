package pattern

// ForServer is the glob in Redis's own syntax, any bytes, for the server to match
// with: SCAN's MATCH knows neither \xNN nor \uNNNN.
func (g Glob) ForServer() string { return g.text }
