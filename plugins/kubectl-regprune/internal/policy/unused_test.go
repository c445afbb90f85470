package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What matches nothing may be a slip of the pen, by which what was to stay goes.
func TestUnused(t *testing.T) {
	tags := map[string][]string{"team/app": {"latest", "12"}, "team/base": {"1.0"}, "tools/jq": nil}
	for _, test := range []struct {
		rules string
		want  []string
	}{
		{"[{repositories: ['**'], keep: [latest, latset], keepRegex: 'v[0-9]+', keepNumber: '>=950', keepLast: 1}]", []string{
			`rule 2 (keep tag "latset") matches no tag`, `rule 3 (keep tags that match "v[0-9]+" as a whole) matches no tag`,
			"rule 4 (keep tags whose number is >= 950) matches no tag",
		}},
		{"[{repositories: [team/*, temp/*], exclude: team/bsae, keepLast: 1, keepWithin: 1d}]", []string{
			`repositories "temp/*" matches no repository`, `exclude "team/bsae" matches no repository`,
		}},
		{"[{repositories: team/**, keepLast: 1}, {repositories: team/app, keep: nope, keepLast: 1}, {repositories: other, keep: nope, keepLast: 1}]", []string{
			"entry 2 decides about no repository: entries before it do, or it leaves all out", `repositories "other" of entry 3 matches no repository`,
		}},
		{"[{repositories: team/**, delete: ['1*', 'pr-*'], deleteRegex: 'x+'}]", []string{
			`rule 1 would delete "pr-*", which matches no tag`, `rule 1 would delete "x+", which matches no tag`,
		}},
		{"[{repositories: ['**'], keep: latest, keepNumber: '>=10'}]", nil},
	} {
		p, err := Parse([]byte(header + "rules: " + test.rules))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, p.Unused(tags)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rules, diff)
		}
		if got := p.Unused(nil); got != nil {
			t.Errorf("an empty registry: %q", got)
		}
	}
}
