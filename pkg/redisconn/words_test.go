package redisconn

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestSplitShell(t *testing.T) {
	for script, want := range map[string][]string{
		`redis-server --requirepass "$REDIS_PASSWORD"`: {"redis-server", "--requirepass", "$REDIS_PASSWORD"},
		"a\n  b\t'c d';e": {"a", "b", "c d", "e"},
		`x --requirepass "$(cat /run/my secret)" --port 1`:     {"x", "--requirepass", "$(cat /run/my secret)", "--port", "1"},
		`a "" b\ c \` + "\n" + `d`:                             {"a", "", "b c", "d"},
		`exec redis-server --requirepass 'it"s' "unterminated`: {"exec", "redis-server", "--requirepass", `it"s`, "unterminated"},
	} {
		if got := splitShell(script); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

func TestOptionAndConfigFile(t *testing.T) {
	c := &corev1.Container{Command: []string{"sh", "-c", "exec redis-server /etc/redis/redis.conf --port 7000 --requirepass=$P"}, Args: []string{"--port", "7001"}}
	all := words(c)
	if w, ok := option(all, "port"); !ok || w.text != "7001" || w.shell {
		t.Errorf("port: %+v %v", w, ok)
	}
	if w, ok := option(all, "requirepass"); !ok || w.text != "$P" || !w.shell {
		t.Errorf("requirepass: %+v %v", w, ok)
	}
	if got := configFile(all); got != "/etc/redis/redis.conf" {
		t.Errorf("config file %q", got)
	}
	if _, ok := option(all, "tls-port"); ok {
		t.Error("found an option that is not there")
	}
}
