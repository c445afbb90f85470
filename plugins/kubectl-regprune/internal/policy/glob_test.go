package policy

import "testing"

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		glob, name string
		want       bool
	}{
		{"**", "a", true}, {"**", "a/b/c", true}, {"*", "a", true}, {"*", "a/b", false}, {"team/*", "team/a", true}, {"team/*", "team/a/b", false},
		{"team/*", "team", false}, {"team/**", "team/a/b", true}, {"team/**", "team", false}, {"team/**", "teams/a", false}, {"**/cache", "cache", true},
		{"**/cache", "a/b/cache", true}, {"**/cache", "mycache", false}, {"a/**/z", "a/z", true}, {"a/**/z", "a/b/c/z", true}, {"a?c", "abc", true},
		{"a?c", "a/c", false}, {"a.c", "abc", false}, {"a", "A", false}, {"app*", "app-x", true}, {"app*", "my-app", false}, {"app", "app\n", false}, {"a*", "ab\n", true},
	} {
		g, err := repositoryGlob(c.glob)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.match(c.name); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.glob, c.name, got, c.want)
		}
	}
}

func TestRegexesMatchWholeTags(t *testing.T) {
	for _, c := range []struct {
		re, tag string
		want    bool
	}{
		{"v.*", "v1", true}, {"v.*", "xv1", false}, {"a|b.", "a", true}, {"a|b.", "ax", false}, {"^v[0-9]$", "v1", true}, {"(?i)rc.*", "RC1", true}, {"(?m)^a+$", "a\nb", false},
	} {
		re, err := wholeRegex(c.re)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.MatchString(c.tag); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.re, c.tag, got, c.want)
		}
	}
	// An open quote would swallow what is added for whole tags.
	if _, err := wholeRegex(`.\Qa`); err == nil {
		t.Error("an open quote is accepted")
	}
}
