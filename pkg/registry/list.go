package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"oras.land/oras-go/v2/registry/remote/auth"
)

const (
	maxPage  = 64 << 20 // bytes of a list, of which some servers send all at once
	maxEmpty = 100      // pages in a row that bring nothing new
)

// pageSizes are tried in turn when a server refuses a page or is too slow for it.
// Distribution refuses more than 1000 from 2.8.2 on.
var pageSizes = []int{1000, 100, 10}

// Repositories lists all repositories, each once, in the order of the server. It asks
// for pages of pageSize names, 1000 if that is 0, and of fewer if the server refuses.
// An error ends it; what came before is then not all.
func (c *Client) Repositories(ctx context.Context, pageSize int) iter.Seq2[string, error] {
	if pageSize <= 0 {
		pageSize = pageSizes[0]
	}
	return func(yield func(string, error) bool) {
		var doc struct {
			Repositories []string `json:"repositories"`
		}
		p := &pages{client: c, size: pageSize, request: request{
			doing: "listing repositories", about: c.base.String(), path: "_catalog", scope: auth.ScopeRegistryCatalog,
		}}
		for more := true; more; {
			doc.Repositories = nil
			var err error
			more, err = p.next(ctx, &doc, &doc.Repositories)
			for _, name := range doc.Repositories {
				if !yield(name, nil) {
					return
				}
			}
			if err != nil {
				yield("", err)
				return
			}
		}
	}
}

// Tags lists all tags of a repository, each once, in the order of the server. One
// without tags has none; one that does not exist is [ErrNoRepository].
func (c *Client) Tags(ctx context.Context, repo string) ([]string, error) {
	var doc struct {
		Tags []string `json:"tags"`
	}
	var all []string
	p := &pages{client: c, request: request{
		doing: "listing tags", path: repo + "/tags/list", repo: repo, scope: pull(repo),
	}}
	for more := true; more; {
		doc.Tags = nil
		var err error
		if more, err = p.next(ctx, &doc, &doc.Tags); err != nil {
			return nil, err
		}
		if all == nil {
			all = doc.Tags
		} else {
			all = append(all, doc.Tags...)
		}
	}
	return all, nil
}

// pages reads a list page by page.
type pages struct {
	client  *Client
	request request
	size    int // 0: the server's choice, which may be all at once
	query   url.Values
	asked   map[string]bool // queries
	had     map[string]bool // names, once there is a second page
	empty   int
}

// next reads one page into doc, leaves in *names those that are new, and reports
// whether there is another page.
func (p *pages) next(ctx context.Context, doc any, names *[]string) (more bool, err error) {
	resp, err := p.page(ctx)
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(resp.body, doc); err != nil {
		return false, fmt.Errorf("%s %q: %w", p.request.doing, p.request.operand(), err)
	}
	following := nextPage(resp.header)
	if following == nil && p.had == nil {
		return false, nil // all in one page: nothing to compare with
	}
	p.unseen(names)
	if following == nil {
		return false, nil
	}
	if p.asked == nil {
		p.asked = map[string]bool{}
	}
	key := following.Encode()
	if p.asked[key] || p.empty > maxEmpty {
		return false, fmt.Errorf("%s %q: the server's pages run in a circle", p.request.doing, p.request.operand())
	}
	p.asked[key] = true
	p.query = following
	return true, nil
}

// unseen drops names that an earlier page has brought.
func (p *pages) unseen(names *[]string) {
	if p.had == nil {
		p.had = map[string]bool{}
	}
	*names = slices.DeleteFunc(*names, func(name string) bool {
		if p.had[name] {
			return true
		}
		p.had[name] = true
		return false
	})
	p.empty++
	if len(*names) > 0 {
		p.empty = 0
	}
}

// page asks for the page at p.query, and for smaller ones while those are too big.
func (p *pages) page(ctx context.Context) (*response, error) {
	for {
		r := p.request
		r.method, r.limit = http.MethodGet, maxPage
		r.query = url.Values{}
		for k, v := range p.query {
			r.query[k] = v
		}
		if p.size > 0 {
			r.query.Set("n", strconv.Itoa(p.size))
		}
		smaller := p.smaller()
		r.smaller = smaller > 0
		resp, err := p.client.do(ctx, &r)
		if err == nil || smaller == 0 || !tooBig(err) {
			return resp, err
		}
		p.size = smaller
	}
}

// smaller is the next size to try, 0 if there is none.
func (p *pages) smaller() int {
	for _, size := range pageSizes {
		if size < p.size || p.size == 0 {
			return size
		}
	}
	return 0
}

// tooBig reports whether a smaller page may be answered.
func tooBig(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusGatewayTimeout || e.has("PAGINATION_NUMBER_INVALID"))
}
