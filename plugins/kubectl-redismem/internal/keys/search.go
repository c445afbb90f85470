package keys

import (
	"context"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// search is the search of one server.
type search struct {
	Options
	endpoint *redisconn.Endpoint
	progress *progress
	found    []Key

	matched, bytes, vanished int64
	refusals                 map[string]int64
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
	databases := info.Select(s.DB)
	for _, d := range databases {
		s.progress.add(0, d.Keys)
	}
	pacer := pace.Start(ctx, client, s.endpoint.ClientName, s.Limits)
	defer pacer.Stop(ctx)
	for _, d := range databases {
		best := NewBest(s.Top)
		err := s.walk(ctx, d.DB, pacer, best)
		list := best.Keys(s.endpoint.Name, d.DB)
		Describe(ctx, client, list, pacer.Aside)
		s.found = append(s.found, list...)
		if err != nil {
			return err
		}
	}
	return nil
}

// walk searches one database.
func (s *search) walk(ctx context.Context, db int, pacer *pace.Pacer, best *Best) error {
	told := int64(0)
	res, err := scan.Run(ctx, scan.Config{
		Dial: s.endpoint.Open, DB: db, Count: s.Count, Match: s.Match.ForServer(), Pacer: pacer,
		Sink: scan.EverySize(func(name []byte, size int64) {
			s.bytes += size
			best.Offer(name, size)
		}),
		Page: func(walked int64) {
			s.progress.add(walked-told, 0)
			told = walked
		},
	})
	s.matched += res.Seen()
	s.vanished += res.Vanished
	for code, n := range res.Unreadable {
		s.refusals[code] += n
	}
	return err
}
