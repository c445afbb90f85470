package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

const header = "apiVersion: regprune.kubectl-suite.dev/v1alpha1\nkind: Policy\n"

func TestWhatIsWrongIsNamed(t *testing.T) {
	for rules, want := range map[string]string{
		"":                                 "parsing policy: the policy has no rules",
		"rules: []":                        "parsing policy: the policy has no rules",
		"rules: 7":                         "parsing policy: it is a list of entries",
		"rules: [7]":                       "parsing policy: entry 1: line 3: fields are expected here",
		"rule: []":                         `parsing policy: line 3: there is no field "rule"`,
		"rules: []\nrules: []":             `parsing policy: line 4: the field "rules" is there twice`,
		"rules: []\n---\nrules: []":        "parsing policy: line 4: a second document begins",
		"rules: [":                         "parsing policy: yaml: line 3: did not find expected node content",
		"rules:\n- keep: '*'":              "parsing policy: entry 1 (line 4): repositories: an entry names repositories",
		"rules:\n- repositories: ['**']\n": "parsing policy: entry 1 (line 4): it has no rules",
		"rules:\n- repositories: ['**']\n  keeps: a":                                      `parsing policy: entry 1: line 5: there is no field "keeps"`,
		"rules:\n- repositories: ['**']\n  keep: a\n  keep: b":                            `parsing policy: entry 1: line 6: the field "keep" is there twice`,
		"rules:\n- repositories: ['**']\n  <<: {keep: a}":                                 `parsing policy: entry 1: line 5: there is no field "<<"`,
		"rules:\n- repositories: ['**']\n  keep: latest":                                  "parsing policy: entry 1 (line 4): it says what to keep, but not what may be deleted",
		"rules:\n- repositories: ['**']\n  keep: []":                                      "parsing policy: entry 1: line 5: keep: the list is empty",
		"rules:\n- repositories: ['**']\n  keep: [~]":                                     "parsing policy: entry 1: line 5: keep: it is a text or a list of texts",
		"rules:\n- repositories: ['**']\n  keep:":                                         "parsing policy: entry 1: line 5: keep: it is a text or a list of texts",
		"rules:\n- repositories: ['**']\n  keep: [[a]]":                                   "parsing policy: entry 1: line 5: keep: it is a text or a list of texts",
		"rules:\n- repositories: ['**']\n  keep: [a, '']":                                 "parsing policy: entry 1: line 5: keep: it is a text or a list of texts",
		"rules:\n- repositories: ['**']\n  keep: &a [*a]":                                 "parsing policy: entry 1: line 5: keep: it is a text or a list of texts",
		"rules:\n- repositories: ['**']\n  keep: ['a,b']":                                 `parsing policy: entry 1 (line 5): keep "a,b": "," cannot be in a tag's name`,
		"rules:\n- repositories: ['reg:5000/app']\n  keep: a":                             `parsing policy: entry 1 (line 4): repositories "reg:5000/app": ":" cannot be in a repository's name`,
		"rules:\n- repositories: [app]\n  exclude: 'a b'\n  keep: a":                      `parsing policy: entry 1 (line 5): exclude "a b": " " cannot be in a repository's name`,
		"rules:\n- repositories: [app]\n  keepRegex: 'a('\n":                              "parsing policy: entry 1 (line 5): keepRegex \"a(\": reading the regular expression: error parsing regexp: missing closing ): `a(`",
		"rules:\n- repositories: [app]\n  keepRegex: 'a)(b'\n":                            "parsing policy: entry 1 (line 5): keepRegex \"a)(b\": reading the regular expression: error parsing regexp: unexpected ): `a)(b`",
		"rules:\n- repositories: [app]\n  keepRegex: release\n":                           `parsing policy: entry 1 (line 5): keepRegex "release": it is a plain word, and would only match the tag of that name`,
		"rules:\n- repositories: [app]\n  keepNumber: '>=950 <900'":                       `parsing policy: entry 1 (line 5): keepNumber ">=950 <900": no number is like that: it would keep nothing`,
		"rules:\n- repositories: [app]\n  keepNumber: '>950 <951'":                        `parsing policy: entry 1 (line 5): keepNumber ">950 <951": no number is like that: it would keep nothing`,
		"rules:\n- repositories: [app]\n  keepNumber: '<0'":                               `parsing policy: entry 1 (line 5): keepNumber "<0": no number is like that: it would keep nothing`,
		"rules:\n- repositories: [app]\n  keepNumber: '=5 !=5'":                           `parsing policy: entry 1 (line 5): keepNumber "=5 !=5": no number is like that: it would keep nothing`,
		"rules:\n- repositories: [app]\n  keepNumber: '>=9a'":                             `parsing policy: entry 1 (line 5): keepNumber ">=9a": ">=9a" is no condition on numbers`,
		"rules:\n- repositories: [app]\n  keepNumber: '..'":                               `parsing policy: entry 1 (line 5): keepNumber "..": ".." is no condition on numbers`,
		"rules:\n- repositories: [app]\n  keepNumber: ','":                                `parsing policy: entry 1 (line 5): keepNumber ",": it has no condition`,
		"rules:\n- repositories: [app]\n  keepNumber: 'build-*'":                          `parsing policy: entry 1 (line 5): keepNumber "build-*": it has no condition`,
		"rules:\n- repositories: [app]\n  keepNumber: 'v1*>=3'":                           `parsing policy: entry 1 (line 5): keepNumber "v1*>=3": a digit next to the * makes it unclear where the number begins or ends`,
		"rules:\n- repositories: [app]\n  keepNumber: 'a/*>=3'":                           `parsing policy: entry 1 (line 5): keepNumber "a/*>=3": "/" cannot be in a form, which has one * for the number`,
		"rules:\n- repositories: [app]\n  keepNumber: 'a*b*>=3'":                          `parsing policy: entry 1 (line 5): keepNumber "a*b*>=3": "*" cannot be in a form, which has one * for the number`,
		"rules:\n- repositories: [app]\n  keepSemver: latest":                             `parsing policy: entry 1 (line 5): keepSemver "latest": it is no constraint on versions`,
		"rules:\n- repositories: [app]\n  keepSemver: '>=1.2.3.4'":                        `parsing policy: entry 1 (line 5): keepSemver ">=1.2.3.4": it is no constraint on versions`,
		"rules:\n- repositories: [app]\n  keepLast: 0":                                    `parsing policy: entry 1 (line 5): keepLast "0": it keeps at least 1 image`,
		"rules:\n- repositories: [app]\n  keepLast: -1":                                   `parsing policy: entry 1 (line 5): keepLast "-1": it keeps at least 1 image`,
		"rules:\n- repositories: [app]\n  keepLast: ten":                                  "parsing policy: entry 1: line 5: keepLast: it is a number",
		"rules:\n- repositories: [app]\n  keepWithin: 30":                                 `parsing policy: entry 1 (line 5): keepWithin "30": reading the age "30": "30" is no number with a unit`,
		"rules:\n- repositories: [app]\n  keepWithin: 6m":                                 `parsing policy: entry 1 (line 5): keepWithin "6m": reading the age "6m": m can be minutes or months`,
		"rules:\n- repositories: [app]\n  keepWithin: 59min":                              `parsing policy: entry 1 (line 5): keepWithin "59min": it is less than an hour`,
		"rules:\n- repositories: [app]\n  keepWithin: 0":                                  `parsing policy: entry 1 (line 5): keepWithin "0": it is less than an hour`,
		"rules:\n- repositories: [app]\n  keepLast: 1\n  sort: age":                       `parsing policy: entry 1 (line 6): sort "age": there is no such order`,
		"rules:\n- repositories: [app]\n  delete: a\n  sort: number":                      `parsing policy: entry 1 (line 6): sort "number": it is the order for keepLast, which is not given`,
		"rules:\n- repositories: [app]\n  delete: a\n  minAge: -1d":                       `parsing policy: entry 1 (line 6): minAge "-1d": reading the age "-1d": "-1d" is no number with a unit`,
		"rules:\n- repositories: [app]\n  delete: /a/\n":                                  `parsing policy: entry 1 (line 5): delete "/a/": "/" cannot be in a tag's name`,
		"rules:\n- repositories: [app]\n  untagged: yes":                                  "parsing policy: entry 1: line 5: untagged: it is true or false",
		"rules:\n- repositories: [app]\n  delete: a\n  untaggedMinAge: 1d":                `parsing policy: entry 1 (line 6): untaggedMinAge "1d": it is for untagged, which is not given`,
		"rules:\n- repositories: ['**']\n  delete: a\n- repositories: [app]\n  delete: b": "parsing policy: entry 2 (line 6): it is never reached: entry 1 is about all repositories",
	} {
		_, err := Parse([]byte(header + rules))
		if err == nil {
			t.Errorf("%s\n is accepted, want: %s", rules, want)
		} else if err.Error() != want {
			t.Errorf("%s\n got: %s\nwant: %s", rules, err, want)
		}
	}
}

func TestOtherDocumentsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "parsing policy: it is empty",
		"# nothing":                 "parsing policy: it is empty",
		"[]":                        "parsing policy: line 1: fields are expected here",
		"rules: []":                 `parsing policy: it is apiVersion "", kind "", which is not known here`,
		"apiVersion: v1\nkind: Pod": `parsing policy: it is apiVersion "v1", kind "Pod", which is not known here`,
	} {
		if _, err := Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What is wrong with a flag is told in terms of flags.
func TestFlagsAreNamed(t *testing.T) {
	none := 0
	for want, spec := range map[string]Spec{
		`--keep-number ">=x": ">=x" is no condition on numbers`:                             {KeepNumber: []string{">=x"}},
		`--repo "a:b": ":" cannot be in a repository's name`:                                {Repositories: []string{"a:b"}},
		`--exclude-repo "a b": " " cannot be in a repository's name`:                        {Exclude: []string{"a b"}},
		`--keep-last "0": it keeps at least 1 image`:                                        {KeepLast: &none},
		`--min-age "7": reading the age "7": "7" is no number with a unit`:                  {MinAge: "7", Delete: []string{"a"}},
		`--delete-regex "a": it is a plain word, and would only match the tag of that name`: {DeleteRegex: []string{"a"}},
		`it says what to keep, but not what may be deleted`:                                 {Keep: []string{"latest"}},
		`it has no rules`:     {},
		`--keep: it is empty`: {Keep: []string{""}},
	} {
		_, err := FromFlags(spec)
		var field *FieldError
		if err == nil || err.Error() != want || !errors.As(err, &field) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for want, spec := range map[string]Spec{
		"add --delete '*' to delete all other tags, or a glob to delete some":                                       {Keep: []string{"latest"}},
		"for example --keep-last 10; to see what is there: kubectl regprune du":                                     {},
		"--min-age spares what has just been pushed":                                                                {KeepWithin: "5min"},
		"names of tags may have * and ? in them; for regular expressions there are --keep-regex and --delete-regex": {Keep: []string{"^v"}},
	} {
		_, err := FromFlags(spec)
		if got := hint.Of(err); got != want {
			t.Errorf("hint %q, want %q", got, want)
		}
	}
	_, err := FromFlags(Spec{Sort: SortNumber, Delete: []string{"a"}})
	if want := `--sort "number": it is the order for --keep-last, which is not given`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFlagsMakeOneEntry(t *testing.T) {
	p, err := FromFlags(Spec{Keep: []string{"latest"}, KeepNumber: []string{">=950"}})
	if err != nil {
		t.Fatal(err)
	}
	if e, position := p.For("any/thing/at/all"); e == nil || position != 1 {
		t.Errorf("For() = %v, %d", e, position)
	}
	fromFile, err := Parse([]byte(header + "rules:\n- {repositories: ['**'], keep: latest, keepNumber: '>=950'}"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(p.Words(), "\n"), strings.Join(fromFile.Words(), "\n"); got != want {
		t.Errorf("flags say %q, the file %q", got, want)
	}
}

func TestJSONIsReadToo(t *testing.T) {
	_, err := Parse([]byte(`{"apiVersion":"regprune.kubectl-suite.dev/v1alpha1","kind":"Policy","rules":[{"repositories":["**"],"keepLast":3,"untagged":true}]}`))
	if err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, fixture := range readFixtures(f) {
		f.Add(fixture.Policy)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse([]byte(text))
		if err != nil {
			return
		}
		images := []Image{{Digest: "a", Tags: []string{"1", "v1.2", "latest"}}, {Digest: "b", Tags: []string{"build-1"}}}
		for i, e := range p.entries {
			got := e.Evaluate(images, nil, noon)
			if len(got) != 4 {
				t.Errorf("entry %d decides about %d of 4 tags", i+1, len(got))
			}
			for tag, d := range got {
				if d.Rule < 1 || d.Rule > len(p.words) {
					t.Errorf("tag %q: rule %d of %d", tag, d.Rule, len(p.words))
				}
			}
		}
	})
}
