package resolve

import "math/rand/v2"

// Sample returns found with n of its targets, each as likely as the others, in
// their order. The rest becomes no rows; nor do the skipped change. With n or
// fewer targets it returns them all. Rnd decides; nil means a new choice with each
// call. Found itself stays as it is.
func Sample(found *Found, n int, rnd *rand.Rand) *Found {
	picked := *found
	if n >= len(found.Targets) {
		return &picked
	}
	if rnd == nil {
		rnd = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) // a sample is no secret
	}
	picked.Targets = make([]Target, 0, max(n, 0))
	for i, t := range found.Targets {
		wanted, left := n-len(picked.Targets), len(found.Targets)-i
		if wanted <= 0 {
			break
		}
		if rnd.IntN(left) < wanted {
			picked.Targets = append(picked.Targets, t)
		}
	}
	return &picked
}
