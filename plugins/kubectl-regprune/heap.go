package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// roomyHeap is how many bytes the heap may have before garbage is collected more often.
const roomyHeap = 116 << 20

// frugal saves time where a registry is small, as garbage is then no problem, and memory
// where it is large, as half of that would be garbage. It leaves alone what the
// environment says.
func frugal() {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(roomyHeap)
	afterCollection(func() { debug.SetMemoryLimit(heapLimit(liveHeap())) })
}

// heapLimit is the limit for a heap with so many bytes in use. Where these come near the
// usual limit it grows, or all time would go into collecting garbage.
func heapLimit(live uint64) int64 {
	const near, most = roomyHeap / 6 * 5, 1 << 50
	if live <= near {
		return roomyHeap
	}
	return int64(min(live, most) / 4 * 5) // bounded
}

// afterCollection calls f after each collection of garbage, from now on.
func afterCollection(f func()) {
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(struct{}) {
		f()
		afterCollection(f)
	}, struct{}{})
}

// liveHeap is how many bytes were in use at the last collection.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
