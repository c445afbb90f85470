package accounting

import (
	"fmt"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// order of items in a ledger of several servers.
var order = []string{Startup, Clients, Replication, Cluster, AOF, Scripts, Commands, Tables, Expires, Keys, Rounding, Excess, Residual}

// Combine adds up the ledgers of shards, item by item. Those that are nil are not
// in it, and a note says how many; without any other the result is nil.
func Combine(l []*report.Ledger) *report.Ledger {
	all := &report.Ledger{}
	items := map[string]report.Item{}
	missing, silent := 0, 0
	var resident int64 // used memory of those that tell their resident memory
	for _, one := range l {
		if one == nil {
			missing++
			continue
		}
		all.Used += one.Used
		all.Residual += one.Residual
		all.Resident += one.Resident
		if one.Resident > 0 {
			resident += one.Used
		} else {
			silent++
		}
		for _, i := range one.Items {
			sum := items[i.ID]
			i.Bytes += sum.Bytes
			items[i.ID] = i
		}
		for _, n := range one.Notes {
			if !slices.Contains(all.Notes, n) {
				all.Notes = append(all.Notes, n)
			}
		}
	}
	if missing == len(l) {
		return nil
	}
	for _, id := range order {
		if i, ok := items[id]; ok {
			all.Items = append(all.Items, i)
		}
	}
	if resident > 0 {
		all.Fragmentation = float64(all.Resident) / float64(resident)
	}
	if silent > 0 && resident > 0 {
		all.Notes = append(all.Notes, fmt.Sprintf("%d of %d servers do not tell their resident memory", silent, len(l)-missing))
	}
	if missing > 0 {
		all.Notes = append(all.Notes, fmt.Sprintf("%d of %d servers are not in this account: their memory could not be read", missing, len(l)))
	}
	return all
}
