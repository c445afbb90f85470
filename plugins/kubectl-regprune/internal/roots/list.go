package roots

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// restarts is how often a list is begun anew after its pages have expired. The last
// time it is read in one piece, which cannot expire.
const restarts = 3

// lister reads lists from an API server, an object at a time, so that of a page no
// more than one object is in memory.
type lister struct {
	client   *rest.RESTClient
	pageSize int
}

// counter counts HTTP requests on their way out.
type counter struct {
	next http.RoundTripper
	n    *atomic.Int64
}

func (c counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(r)
}

// configured is a copy of cfg for many small requests, which counts them.
func configured(cfg *rest.Config, n *atomic.Int64) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1 // the API server's own fairness is the limit
	cfg.WarningHandler = rest.NoWarnings{}
	cfg.ContentConfig = rest.ContentConfig{
		AcceptContentTypes: "application/json", ContentType: "application/json",
		NegotiatedSerializer: scheme.Codecs.WithoutConversion(),
	}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return counter{next, n} })
	return cfg
}

// each calls visit with the JSON of every object of r, in all namespaces. If the
// list has to begin anew, it calls reset first. An error of visit ends it.
func (l *lister) each(ctx context.Context, r resource, reset func(), visit func(object []byte) error) error {
	for attempt := 1; ; attempt++ {
		size := l.pageSize
		if attempt == restarts {
			size = 0
		}
		err := l.pages(ctx, r, size, visit)
		if err == nil || !expired(err) || attempt == restarts {
			return err
		}
		reset()
	}
}

// expired reports whether a list can be had by beginning anew.
func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

func (l *lister) pages(ctx context.Context, r resource, size int, visit func([]byte) error) error {
	token := ""
	for {
		req := l.client.Get().AbsPath(r.path())
		for name, value := range map[string]string{"labelSelector": r.labels, "fieldSelector": r.fields, "continue": token} {
			if value != "" {
				req.Param(name, value)
			}
		}
		if size > 0 {
			req.Param("limit", strconv.Itoa(size))
		}
		body, err := req.Stream(ctx)
		if err != nil {
			return err
		}
		next, err := decodeList(body, visit)
		body.Close()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case next == "":
			return nil
		case next == token:
			return errors.New("the server gives the same page again and again")
		}
		token = next
	}
}

// decodeList calls visit with each object of a list and returns the token of the
// next page. A list that is cut short, or something that is no list, is an error.
func decodeList(body io.Reader, visit func([]byte) error) (next string, err error) {
	d := json.NewDecoder(body)
	if err := open(d, '{'); err != nil {
		return "", err
	}
	items := false
	var raw json.RawMessage
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", fmt.Errorf("reading a list: %w", err)
		}
		switch key {
		case "metadata":
			var meta struct {
				Continue string `json:"continue"`
			}
			err = d.Decode(&meta)
			next = meta.Continue
		case "items":
			items = true
			err = decodeItems(d, visit)
		default:
			err = d.Decode(&raw)
		}
		if err != nil {
			return "", fmt.Errorf("reading a list: %w", err)
		}
	}
	if _, err := d.Token(); err != nil {
		return "", fmt.Errorf("reading a list: %w", err)
	}
	if !items {
		return "", errors.New("reading a list: the server answered with something else")
	}
	return next, nil
}

func open(d *json.Decoder, want json.Delim) error {
	switch t, err := d.Token(); {
	case err != nil:
		return fmt.Errorf("reading a list: %w", err)
	case t != want:
		return errors.New("reading a list: the server answered with something else")
	}
	return nil
}

func decodeItems(d *json.Decoder, visit func([]byte) error) error {
	switch t, err := d.Token(); {
	case err != nil:
		return err
	case t == nil:
		return nil // how some servers of extensions write an empty list
	case t != json.Delim('['):
		return errors.New("its items are no list")
	}
	var raw json.RawMessage
	for d.More() {
		raw = raw[:0]
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if err := visit(raw); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
