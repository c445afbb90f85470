//go:build !race

package roots

// slower is how much smaller tests are under the race detector.
const slower = 1
