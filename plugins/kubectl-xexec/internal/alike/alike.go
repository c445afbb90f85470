// Package alike finds the two pods out of two hundred that differ.
//
// While a target writes, a [Hasher] makes two fingerprints of it: one of its
// output as it is, one of its output without what only this target can say, such
// as its own name and address, and without what the user chose to mask, such as
// times. [GroupBy] then puts together what is the same, and [Render] and
// [RenderDiff] show it to people. The output itself stays where it is, and is
// read again only to be shown:
//
//	h := alike.NewHasher(alike.Identity{Pod: "web-0", UID: uid, IP: ip, Node: node}, alike.Time)
//	…                                        // h.Stdout() and h.Stderr() are fed as output arrives
//	members[i] = alike.Member{Name: "web-0", Verdict: verdict, Sum: h.Sum(verdict)}
//	…
//	groups := alike.GroupBy(members)
//
// # What is the same
//
// Two targets are the same if their outcome, exit code and reason are, and every
// byte of stdout and stderr: a text with and one without a newline at its end
// differ, and so do CRLF and LF. Stdout and stderr are told apart, their order in
// time is not, because nobody knows it.
//
// # What is replaced
//
// Names are replaced where they stand as words of their own: web-1 is not part of
// web-10, nor of web-1-data, but of data-web-1 and of web-1.web.prod.svc. A name
// that could be any word (shorter than 4 bytes, or of letters only) is replaced only
// where it fills a line, as hostname prints it. A name of digits only is never
// replaced: the 0 that the pod 0 prints is rarely its name.
//
// Replacing can also set apart what is the same: every pod prints the list of all
// pods, and each finds its own name in it. GroupBy therefore also looks at the
// output as it is.
package alike

import "fmt"

// Identity is what is known of a target and of no other. Empty fields are not
// looked for.
type Identity struct {
	// Namespace is for runs over several namespaces; in a run over one it only
	// makes output harder to read.
	Namespace string
	Pod       string
	UID       string // also found with underscores, as in the names of cgroups
	IP        string // IPv4 is also found with dashes, as in the DNS names of pods
	Node      string // also found without its domain
	// Workload is what the pod belongs to, such as "deployment/web" or "web". The
	// pod's name after it, and the random end of it, are replaced too.
	Workload string
}

// Unknown is the exit code of a command whose exit code nobody knows.
const Unknown = -1

// Verdict is how a target ended.
type Verdict struct {
	Outcome string // such as "ok", "failed" or "lost"
	Code    int    // [Unknown] unless the command reported one
	Reason  string // in words, "" where the outcome says it all
}

// String is the verdict as a header has it: "exit 1", "timeout", "lost".
func (v Verdict) String() string {
	switch {
	case v.Code == Unknown:
		return v.Outcome
	case v.Outcome == "ok" || v.Outcome == "failed" || v.Outcome == "":
		return fmt.Sprintf("exit %d", v.Code)
	}
	return fmt.Sprintf("%s · exit %d", v.Outcome, v.Code)
}
