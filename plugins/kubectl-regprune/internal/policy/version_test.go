package policy

import (
	"fmt"
	"strings"
	"testing"
)

var constraints = []string{">=1.2", ">1.2", ">1.2.1", "<1.2", "<=1.2", "~1.2", "^1.2", "^0.2.1", "1.2", "=1", "!=1", "!=1.2", "!=1.2.1",
	">=1.2 <1.3", ">=1.2.1 <1.2.2", ">1.2.1 <1.2.3", ">=1.2.1 !=1.2.1 <1.2.4", "1.1 - 1.2", "0.x || 2.1", "*", "1.x", "<0.1 || >2.2", ">=0.1.2 <0.1.3 || =2.0.0", ">=2", ">3", ">0.1 <0.3", ">1.1 <1.3 !=1.2.0"}

// The short name of a version is kept if any version that it can stand for is: found
// out here by trying them all.
func TestShortVersionsStandForAllOfThem(t *testing.T) {
	const most = 4
	kept, checked := 0, 0
	for _, text := range constraints {
		r, err := parseSemver(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for major := range most {
			any1 := r.keeps(fmt.Sprintf("%d.999.999", major))
			for minor := range most {
				any2 := r.keeps(fmt.Sprintf("%d.%d.999", major, minor))
				for patch := range most {
					any2 = any2 || r.keeps(fmt.Sprintf("%d.%d.%d", major, minor, patch))
				}
				any1 = any1 || any2
				for _, v := range []string{"", "v"} {
					if got := r.keeps(fmt.Sprintf("%s%d.%d", v, major, minor)); got != any2 {
						t.Errorf("%q: %s%d.%d is kept: %v, want %v", text, v, major, minor, got, any2)
					}
				}
				checked++
				if any2 {
					kept++
				}
			}
			if got := r.keeps(fmt.Sprint(major)); got != any1 {
				t.Errorf("%q: %d is kept: %v, want %v", text, major, got, any1)
			}
		}
	}
	if kept < checked/10 || kept > checked*9/10 {
		t.Errorf("%d of %d are kept: this proves little", kept, checked)
	}
}

func TestWhatIsAVersion(t *testing.T) {
	for tag, want := range map[string]string{
		"1.2.3": "1.2.3/3", "v1.2.3": "1.2.3/3", "1.2": "1.2.0/2", "v1": "1.0.0/1", "007.08.09": "7.8.9/3",
		"1.2.3-rc.1": "1.2.3-rc.1/3", "1.2.3_4": "1.2.3+4/3", "1.2.3-rc.1_git.5_x": "1.2.3-rc.1+git.5_x/3", "1-2-3": "1.0.0-2-3/1",
		"": "", "v": "", "V1.2.3": "", "1.2.3.4": "", "1..3": "", "1.2.3-": "", "1.2.3-a..b": "", "1.2.3+4": "", "latest": "", "release-1.2.3": "",
		"1.x": "", "1.2.3 ": "", "1.2.3\n": "", "99999999999999999999.0.0": "", "9999999999999999999.0.0": "9999999999999999999.0.0/3",
	} {
		got := ""
		if v, ok := parseVersion(tag); ok {
			got = fmt.Sprintf("%s/%d", v.Version, v.parts)
		}
		if got != want {
			t.Errorf("%q is version %q, want %q", tag, got, want)
		}
	}
}

func TestPrereleasesAreMeantOnlyByName(t *testing.T) {
	for text, want := range map[string]bool{
		">=1.2": false, ">=1.2.0-0": true, "1.2 - 1.4": false, "~1.2.3-beta": true, "1.x || >=2.0.0-rc.1": true, ">=1.2.3-rc.1 <2": true,
	} {
		r, err := parseSemver(text)
		if err != nil || r.pre != want {
			t.Errorf("%q names a prerelease: %v, %v", text, r.pre, err)
		}
	}
}

func FuzzSemver(f *testing.F) {
	for _, c := range constraints {
		f.Add(c, "v1.2.3-rc.1")
	}
	f.Add(">=18446744073709551615.0.0-0", "1")
	f.Add("1|2", "1.2")
	f.Fuzz(func(t *testing.T, text, tag string) {
		v, ok := parseVersion(tag)
		r, err := parseSemver(text)
		if err != nil {
			return
		}
		if kept := r.keeps(tag); kept && !ok {
			t.Errorf("%q keeps %q, which is no version", text, tag)
		} else if ok && !kept && r.constraint.Check(v.Version) && (r.pre || v.Prerelease() == "") {
			t.Errorf("%q does not keep %q, which satisfies it", text, tag)
		}
		if strings.Contains(r.text, "  ") {
			t.Errorf("%q is not canonical", r.text)
		}
	})
}
