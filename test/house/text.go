package house

import (
	"path"
	"regexp"
	"strings"
)

// localPaths are folders that exist on one machine only. The pieces are apart
// so that this file does not find itself.
var localPaths = regexp.MustCompile(`(^|[^\w./-])(/` + `work/|/` + `tmp/build/|/` + `root/|/` + `home/[a-z])`)

// checkText judges a file of any kind.
func checkText(s Source) []Finding {
	var findings []Finding
	if path.Dir(s.Path) == "plugins" && (strings.HasSuffix(s.Path, ".yaml") || strings.HasSuffix(s.Path, ".yml")) {
		findings = append(findings, Finding{s.Path, 0, "no-index", "krew would take it for a manifest of a plugin index: move it"})
	}
	for i, line := range strings.Split(s.Text, "\n") {
		if localPaths.MatchString(line) {
			findings = append(findings, Finding{s.Path, i + 1, "local-path", "names a folder of one machine: " + strings.TrimSpace(line)})
		}
	}
	return findings
}

// checkPackageComments wants every package to say what it is for.
func checkPackageComments(files []file) []Finding {
	type pkg struct{ dir, name string }
	first := map[pkg]file{}
	documented := map[pkg]bool{}
	for _, f := range files {
		p := pkg{f.dir(), strings.TrimSuffix(f.Name.Name, "_test")}
		if seen, ok := first[p]; !ok || seen.isTest() && !f.isTest() {
			first[p] = f
		}
		if f.Doc != nil && strings.TrimSpace(f.Doc.Text()) != "" {
			documented[p] = true
		}
	}
	var findings []Finding
	for p, f := range first {
		if !documented[p] {
			findings = append(findings, Finding{f.Path, 1, "package-comment", "package " + p.name + " has no comment that says what it is for"})
		}
	}
	return findings
}
