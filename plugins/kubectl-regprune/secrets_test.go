package main

import (
	"strings"
	"testing"
)

// TestPasswordIsReadOnce: a collection makes a client for each pod, and stdin has the
// password one time.
func TestPasswordIsReadOnce(t *testing.T) {
	r, stdin := reachFlags{passwordFile: "-"}, strings.NewReader("secret\n")
	for range 2 {
		if got, err := r.password(stdin); err != nil || got != "secret" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}
