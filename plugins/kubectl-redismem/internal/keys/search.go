package keys

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// search is the search of one server.
type search struct {
	Options
	endpoint *redisconn.Endpoint
	progress *progress
	best     *best // of the database that is being walked
	found    []Key

	matched, bytes, vanished int64
	refusals                 map[string]int64
	runID                    string
}

// run walks the databases one after the other. Winners of a walk that was cut
// short are described as far as the server still answers.
func (s *search) run(ctx context.Context) error {
	client := s.endpoint.Client()
	defer client.Close()
	info, err := redisconn.Inspect(ctx, client)
	if err != nil {
		return err
	}
	s.runID = info.RunID
	databases := info.Databases
	if s.DB != AllDatabases {
		databases = []redisconn.Database{{DB: s.DB}}
		for _, d := range info.Databases {
			if d.DB == s.DB {
				databases[0] = d
			}
		}
	}
	s.progress.add(0, sum(databases))
	for _, d := range databases {
		s.best = newBest(s.Top)
		err := s.walk(ctx, d.DB)
		s.describe(ctx, d.DB)
		if err != nil {
			return err
		}
	}
	return nil
}

func sum(databases []redisconn.Database) (n int64) {
	for _, d := range databases {
		n += d.Keys
	}
	return n
}

const (
	retries = 4 // connections in a row that bring no page
	backoff = 500 * time.Millisecond
)

// walk follows the cursors of one database to their end, over as many connections
// as it takes.
func (s *search) walk(ctx context.Context, db int) error {
	cursor, failures := "0", 0
	for {
		before := cursor
		done, err := s.pages(ctx, db, &cursor)
		if done || !resumable(err) || ctx.Err() != nil || s.runID == "" {
			return err
		}
		if failures++; cursor != before {
			failures = 1
		}
		if failures > retries {
			return err
		}
		timer := time.NewTimer(backoff)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// resumable says that a new connection may do better than the one that broke.
func resumable(err error) bool {
	var reply resp.Error
	return !errors.As(err, &reply) && !errors.Is(err, resp.ErrProtocol) && !errors.Is(err, ErrOtherServer)
}

// pages reads page after page over one connection. The cursor moves on only when
// every key of its page is counted.
func (s *search) pages(ctx context.Context, db int, cursor *string) (done bool, err error) {
	l, err := dial(ctx, s.endpoint, db, s.runID)
	if err != nil {
		return false, err
	}
	defer l.close()
	match := s.Match.ForServer()
	for {
		if err := l.send(resp.AppendCommand(nil, "SCAN", *cursor, "MATCH", match, "COUNT", strconv.Itoa(s.Count))); err != nil {
			return false, err
		}
		next, err := l.readPage()
		if err != nil {
			return false, err
		}
		if err := l.readSizes(); err != nil {
			return false, err
		}
		s.count(l)
		s.progress.add(int64(s.Count), 0)
		if *cursor = next; next == "0" {
			return true, nil
		}
	}
}

// count takes over a page whose every answer is here.
func (s *search) count(l *link) {
	for i, size := range l.sizes {
		s.matched++
		switch {
		case l.codes[i] != "":
			s.refusals[l.codes[i]]++
		case size < 0:
			s.vanished++
		default:
			s.bytes += size
			s.best.offer(l.name(i), size)
		}
	}
}
