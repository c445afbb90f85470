// Package analysis turns a server into a report: it asks what there is, scans
// it, and says how far the answer can be trusted.
package analysis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// AllDatabases as Options.DB scans every database that has keys.
const AllDatabases = -1

// Options say what to scan and how to group it.
type Options struct {
	Pattern  pattern.Options
	DB       int // or AllDatabases
	Count    int // of SCAN; 0 means scan.DefaultCount
	Top      int // groups in the report besides the pinned ones
	Order    Order
	Progress func(done, total int64) // may be nil
}

// Run scans the server at e. If the scan ends early the report is valid for what
// was seen, its coverage says what is missing, and the error says why. Without
// anything to report, the report is nil.
func Run(ctx context.Context, e *redisconn.Endpoint, o Options) (*Report, error) {
	client := e.Client()
	defer client.Close()
	info, err := redisconn.Inspect(ctx, client)
	if err != nil {
		return nil, explainRefusal(err)
	}
	if info.Mode == "sentinel" {
		return nil, hint.With(fmt.Errorf("%s is %w", e.Name, redisconn.ErrSentinel), "name the Redis that it watches")
	}
	if err := canSize(ctx, client); err != nil {
		return nil, err
	}
	r := &run{Options: o, endpoint: e, client: client, tree: pattern.New(o.Pattern)}
	r.report = Report{APIVersion: APIVersion, Kind: Kind, Server: describe(e, info)}
	scanErr := r.scanAll(ctx, info)
	if err := r.report.fill(r.tree, o.Top, o.Order); err != nil {
		return nil, err
	}
	if scanErr != nil && r.report.Coverage.Seen == 0 {
		return nil, explainRefusal(scanErr)
	}
	return &r.report, scanErr
}

func describe(e *redisconn.Endpoint, s *redisconn.Server) Server {
	return Server{Address: e.Name, Flavour: s.Flavour, Version: s.Version, Mode: s.Mode, Role: s.Role,
		RunID: s.RunID, UsedMemory: s.UsedMemory, MaxMemory: s.MaxMemory}
}

// probe is a key that nobody has: what the server says about it tells whether
// MEMORY USAGE works before a million keys depend on it.
const probe = "kubectl-redismem:no-such-key"

func canSize(ctx context.Context, c *redis.Client) error {
	err := c.MemoryUsage(ctx, probe).Err()
	switch text := errorText(err); {
	case err == nil || errors.Is(err, redis.Nil):
		return nil
	case strings.HasPrefix(text, "NOPERM") && !strings.Contains(strings.ToLower(text), "'memory"):
		return nil // this key is out of bounds; others may not be
	case strings.HasPrefix(text, "ERR unknown") || strings.HasPrefix(text, "ERR Unknown") || strings.HasPrefix(text, "ERR DISABLED"):
		return hint.With(fmt.Errorf("the server has no MEMORY USAGE: %w", err),
			"redismem needs Redis 4 or newer, with the command MEMORY neither renamed nor blocked")
	}
	return explainRefusal(fmt.Errorf("asking for MEMORY USAGE: %w", err))
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// explainRefusal adds which rights are needed to an error of the server's ACL.
func explainRefusal(err error) error {
	if !strings.Contains(err.Error(), "NOPERM") {
		return err
	}
	return hint.With(err, "the user needs: +ping +info +scan +memory|usage %R~*, and +select for databases other than 0")
}

type run struct {
	Options
	endpoint *redisconn.Endpoint
	client   *redis.Client
	tree     *pattern.Tree
	report   Report
}

func (r *run) scanAll(ctx context.Context, info *redisconn.Server) error {
	c := &r.report.Coverage
	c.Started = time.Now().UTC().Truncate(time.Millisecond)
	c.Refusals = map[string]int64{}
	defer func() { c.Seconds = time.Since(c.Started).Round(time.Millisecond).Seconds() }()

	databases := r.databases(info)
	for _, d := range databases {
		c.KeysBefore += d.Keys
	}
	var err error
	for _, d := range databases {
		if err = r.scanOne(ctx, d.DB); err != nil {
			break
		}
	}
	c.Complete = err == nil
	if err != nil {
		c.Reason = err.Error()
	}
	c.KeysAfter = r.keysNow(ctx)
	// More names than there ever were keys: SCAN may return one twice while the
	// server shrinks its table. How often is known only as a lower bound.
	if most := max(c.KeysBefore, c.KeysAfter); c.Complete && c.KeysAfter >= 0 {
		c.Repeats = max(0, c.Seen-most)
	}
	return err
}

// databases are those to scan, with what DBSIZE says about each.
func (r *run) databases(info *redisconn.Server) []redisconn.Database {
	if r.DB == AllDatabases {
		return info.Databases
	}
	for _, d := range info.Databases {
		if d.DB == r.DB {
			return []redisconn.Database{d}
		}
	}
	return []redisconn.Database{{DB: r.DB}}
}

func (r *run) scanOne(ctx context.Context, db int) error {
	c := &r.report.Coverage
	before := c.Seen
	res, err := scan.Run(ctx, scan.Config{
		Dial: r.endpoint.Open, Key: r.tree.Add, DB: db, Count: r.Count,
		Page: func(seen int64) {
			if r.Progress != nil {
				r.Progress(before+seen, c.KeysBefore)
			}
		},
	})
	c.Databases = append(c.Databases, Database{DB: db, Keys: res.Seen(), Complete: res.Complete})
	c.Seen += res.Seen()
	c.Vanished += res.Vanished
	c.Reconnects += res.Reconnects
	for code, n := range res.Unreadable {
		c.Unreadable += n
		c.Refusals[code] += n
	}
	return err
}

// keysNow counts the keys of the scanned databases again. After a scan that was
// interrupted nobody waits for a server that may be gone.
func (r *run) keysNow(ctx context.Context) int64 {
	if ctx.Err() != nil || r.report.Coverage.Reason != "" {
		return -1
	}
	info, err := redisconn.Inspect(ctx, r.client)
	if err != nil {
		return -1
	}
	var n int64
	for _, d := range r.databases(info) {
		n += d.Keys
	}
	return n
}
