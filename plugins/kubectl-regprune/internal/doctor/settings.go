package doctor

import (
	"context"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

func known(b bool) locate.Answer {
	if b {
		return locate.Yes
	}
	return locate.No
}

// readOnlyNow prefers what the container says to what the API server tells of it.
func (r *run) readOnlyNow() locate.Answer {
	switch {
	case r.config != nil:
		return known(r.config.ReadOnly)
	case r.Candidate != nil:
		return r.Candidate.Settings.ReadOnly
	}
	return locate.Unknown
}

func (r *run) proxyCache(context.Context) Check {
	const fix = "let the server expire what it holds: set proxy.ttl in its configuration"
	switch c := r.Candidate; {
	case r.config != nil && r.config.Proxy:
		return found(Fail, "its configuration names a registry that it caches").but(fix)
	case r.config != nil:
		return found(OK, "its configuration names no registry that it caches")
	case c == nil:
		return outside()
	case c.Settings.Proxy == locate.Yes:
		return found(Fail, "it caches %s", c.Settings.ProxyURL).but(fix)
	case c.Settings.Proxy == locate.No:
		return found(OK, "its configuration names no registry that it caches")
	}
	return found(NotChecked, "its configuration is not known")
}

func (r *run) cache(context.Context) Check {
	kind := string(locate.Unknown)
	switch {
	case r.config != nil:
		kind = r.config.Cache
	case r.Candidate != nil:
		kind = r.Candidate.Settings.Cache
	}
	switch kind {
	case "", "none":
		return found(OK, "none")
	case "inmemory":
		return found(OK, "inmemory, which the restart at the end of a garbage collection empties")
	case "redis":
		return found(Warn, "redis, which outlives a restart").but("after each garbage collection: redis-cli FLUSHDB, in the database that the registry alone uses")
	case string(locate.Unknown):
		return found(NotChecked, "the server's configuration is not known")
	}
	return found(Warn, "%q, which is not known here", kind)
}

// readOnly says in which form the server can be made read-only. The variable for the
// whole map works in both; the one for the flag in none.
func (r *run) readOnly(context.Context) Check {
	block, dead := locate.Unknown, ""
	if r.Candidate != nil {
		block, dead = r.Candidate.Settings.ReadOnlyBlock, r.Candidate.Settings.DeadSwitch
	}
	if r.config != nil {
		block = known(r.config.Maintenance)
	}
	switch {
	case r.readOnlyNow() == locate.Yes:
		return found(Fail, "the registry is read-only now").but("make it writable, or end the garbage collection that did it: kubectl regprune recover")
	case dead != "" && block == locate.No:
		return found(Fail, "%s is set, and the configuration has no block maintenance.readonly: the server ends with a panic", dead).but("remove the variable")
	case dead != "":
		return found(Warn, "%s is set, and the server ignores it", dead).but("remove the variable")
	case block == locate.Unknown:
		return found(NotChecked, "the server's configuration is not known")
	case block == locate.Yes:
		return found(OK, "the configuration has a block maintenance.readonly, which the variable REGISTRY_STORAGE_MAINTENANCE replaces")
	}
	return found(OK, "the configuration has no block maintenance.readonly; the variable REGISTRY_STORAGE_MAINTENANCE makes one")
}
