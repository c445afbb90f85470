package owners

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// layout says where a command has its keys, and what it does to them.
type layout struct {
	first, last, step int // as COMMAND tells: counted from 1, last may count from the end; first 0: none
	write             bool
	script            bool // its commands follow in lines of their own
	movable           bool // first, last and step are not all, and rule is not known
	rule              rule
	subs              map[string]*layout // by upper case name
}

// rule is how to find keys whose places depend on other arguments.
type rule uint8

const (
	byPlace   rule = iota
	counted1       // a number of keys at 1, the keys from 2 on
	counted2       // the same one later
	destPlus       // a key, a number of keys, the keys
	storeWord      // a key, and one after STORE or STOREDIST
	streams        // after STREAMS: as many keys as there are IDs
	migrate        // a key at 3, or "" and keys after KEYS
)

// rules are those of the commands that COMMAND calls movable. Modules may have
// more; those are counted as unknown.
var rules = map[string]rule{
	"ZUNION": counted1, "ZINTER": counted1, "ZDIFF": counted1, "ZINTERCARD": counted1, "SINTERCARD": counted1,
	"LMPOP": counted1, "ZMPOP": counted1, "BLMPOP": counted2, "BZMPOP": counted2,
	"ZUNIONSTORE": destPlus, "ZINTERSTORE": destPlus, "ZDIFFSTORE": destPlus,
	"SORT": storeWord, "SORT_RO": storeWord, "GEORADIUS": storeWord, "GEORADIUSBYMEMBER": storeWord,
	"XREAD": streams, "XREADGROUP": streams, "MIGRATE": migrate,
}

// scripts show their commands in MONITOR, which say more than the keys that the
// caller declares: these are of use to a cluster only, and say nothing about
// reads and writes.
var scripts = map[string]bool{"EVAL": true, "EVALSHA": true, "EVAL_RO": true, "EVALSHA_RO": true, "FCALL": true, "FCALL_RO": true}

// table has the server's commands by upper case name.
type table map[string]*layout

// find looks a name up in any case, nil if there is none. It does not change name.
func (t table) find(name []byte) *layout {
	var upper [maxCommand]byte
	n := copy(upper[:], name)
	for i, c := range upper[:n] {
		if 'a' <= c && c <= 'z' {
			upper[i] = c - 'a' + 'A'
		}
	}
	return t[string(upper[:n])]
}

// readTable asks the server what its commands look like.
func readTable(ctx context.Context, c *redis.Client) (table, error) {
	reply, err := c.Do(ctx, "COMMAND").Slice()
	if err != nil {
		return nil, err
	}
	t := table{}
	for _, entry := range reply {
		if name, l := parseLayout(entry); l != nil {
			t[name] = l
		}
	}
	if len(t) == 0 {
		return nil, errors.New("COMMAND lists no commands")
	}
	return t, nil
}

// parseLayout reads name, arity, flags, first, last, step, and in newer servers
// more, the tenth of which are subcommands.
func parseLayout(entry any) (string, *layout) {
	fields, ok := entry.([]any)
	if !ok || len(fields) < 6 {
		return "", nil
	}
	full, _ := fields[0].(string)
	name := strings.ToUpper(full)
	if _, sub, ok := strings.Cut(name, "|"); ok {
		name = sub
	}
	if name == "" {
		return "", nil
	}
	l := &layout{first: number(fields[3]), last: number(fields[4]), step: max(1, number(fields[5]))}
	flags := words(fields[2])
	l.write = slices.Contains(flags, "write")
	l.script = scripts[name]
	l.rule = rules[name]
	l.movable = slices.Contains(flags, "movablekeys") && l.rule == byPlace && !l.script
	if slices.Contains(flags, "pubsub") || l.script { // channels are no keys
		l.first = 0
	}
	if len(fields) >= 10 {
		subs, _ := fields[9].([]any)
		for _, s := range subs {
			if sub, sl := parseLayout(s); sl != nil {
				if l.subs == nil {
					l.subs = map[string]*layout{}
				}
				l.subs[sub] = sl
			}
		}
	}
	if name == "MEMORY" && l.subs == nil { // before Redis 7
		l.movable = false
		l.subs = map[string]*layout{"USAGE": {first: 2, last: 2, step: 1}}
	}
	return name, l
}

func number(v any) int {
	n, _ := v.(int64)
	return int(n)
}

func words(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, w := range list {
		if s, ok := w.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
