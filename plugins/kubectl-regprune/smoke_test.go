package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestSmoke(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		home(t)
		w := start(t, v, registrytest.Options{})
		for i := range 5 {
			w.server.Push("shop/web", registrytest.Image{Layers: [][]byte{registrytest.Layer("base", 1000), registrytest.Layer(fmt.Sprint("l", i), 500)}, Created: time.Date(2025, 1, 1+i, 0, 0, 0, 0, time.UTC)}, fmt.Sprint(i+1))
		}
		past(t, w.server.Root)
		w.cluster.Put(consumer("shop", "web-0", "localhost:32000/shop/web:2"))
		for _, a := range [][]string{{}, {"list"}, {"doctor"}, {"du"}, {"apply", "--yes", "--gc"}, {"verify"}, {"runs"}} {
			if len(a) == 0 || a[0] == "apply" {
				a = append(a, "--keep-number", ">=4")
			}
			if len(a) > 0 && a[0] == "runs" {
				fmt.Println(regprune(t.Context(), t, a...))
				continue
			}
			began := time.Now()
			fmt.Println(a, regprune(t.Context(), t, w.args(a...)...), time.Since(began))
		}
	})
}
