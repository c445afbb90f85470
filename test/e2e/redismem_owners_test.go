//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// shopper is a deployment that reads one pattern of the namespace's Redis and writes
// another, with the password from its own Secret.
const shopper = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: testbed.local/redis:7
        command: [sh, -c, "while :; do redis-cli -h %s -r 50 -i 0.02 get BOOK-1; redis-cli -h %s set session:abc0123456789def:cart s3cr3t-value; done"]
        env:
        - {name: REDISCLI_AUTH, valueFrom: {secretKeyRef: {name: redis-auth, key: password}}}
`

// TestRedismemOwners names a real deployment behind what it reads and what it writes.
func TestRedismemOwners(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	redis := n.Redis(t)
	n.redisCLI(t, redis, "eval", fillScript, "0")
	n.ApplyText(t, fmt.Sprintf(shopper, redis.IP, redis.IP))
	var report struct {
		Owners struct {
			Groups []struct {
				Pattern string
				Users   []struct {
					Workload      string
					Reads, Writes int64
				}
			}
			Clients []struct{ Workload string }
		}
	}
	Eventually(t, time.Minute, func() error {
		r := n.redismem(t, "--owners=4s", "-o", "json")
		if r.Code != 0 || strings.Contains(r.Stdout+r.Stderr, "s3cr3t") || strings.Contains(r.Stdout+r.Stderr, redis.Password) {
			t.Fatalf("exit code %d\n%s%s", r.Code, r.Stderr, r.Stdout)
		}
		if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
			t.Fatal(err)
		}
		reads, writes := false, false
		for _, g := range report.Owners.Groups {
			for _, u := range g.Users {
				reads = reads || g.Pattern == "BOOK-*" && u.Workload == "deployment/shop" && u.Reads > 0 && u.Writes == 0
				writes = writes || g.Pattern == "session:*:cart" && u.Workload == "deployment/shop" && u.Writes > 0 && u.Reads == 0
			}
		}
		if !reads || !writes {
			return fmt.Errorf("users %+v", report.Owners)
		}
		return nil
	})
}
