package main

import (
	"math"
	"runtime"
	"testing"
	"time"
)

func TestHeapLimit(t *testing.T) {
	for live, want := range map[uint64]int64{0: roomyHeap, 80 << 20: roomyHeap, 500: roomyHeap, 1000 << 20: 1250 << 20} {
		if got := heapLimit(live); got != want {
			t.Errorf("%d in use: %d, want %d", live, got, want)
		}
	}
	if heapLimit(math.MaxUint64) <= 0 {
		t.Error("a limit that is none")
	}
}

// TestAfterCollection: each collection is heard of, not only the first.
func TestAfterCollection(t *testing.T) {
	heard := make(chan uint64, 1)
	stop := make(chan struct{})
	defer close(stop)
	afterCollection(func() {
		select {
		case heard <- liveHeap():
		case <-stop:
		}
	})
	for range 3 {
		runtime.GC()
		select {
		case live := <-heard:
			if live == 0 {
				t.Error("nothing in use")
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was heard of a collection")
		}
	}
}
