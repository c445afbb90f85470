package registry

import (
	"net/http"
	"net/url"
	"strings"
)

// nextPage is the query of the page after an answer, nil if there is none. Only the
// query of a link is used: its host is the registry's idea of its own address, and
// may be one that nobody here can reach or should trust.
func nextPage(h http.Header) url.Values {
	for _, header := range h.Values("Link") {
		for _, link := range strings.Split(header, "<")[1:] { // commas can be in titles
			target, params, ok := strings.Cut(link, ">")
			if !ok {
				break
			}
			if !isNext(params) {
				continue
			}
			if u, err := url.Parse(target); err == nil {
				return u.Query()
			}
		}
	}
	return nil
}

// isNext finds rel=next among a link's parameters. A link without any is taken for
// one, as some registries leave them out.
func isNext(params string) bool {
	relation := false
	for p := range strings.SplitSeq(strings.TrimRight(params, ", "), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		relation = true
		if strings.EqualFold(strings.Trim(value, `" `), "next") {
			return true
		}
	}
	return !relation
}
