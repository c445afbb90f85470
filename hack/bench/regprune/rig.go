package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
)

// rig is what packages for tests want of a test: what ends with a section.
type rig struct {
	ctx  context.Context
	err  error
	ends []func()
}

// do runs a section in a goroutine of its own, which Fatal can end, and then undoes
// what it has set up.
func (r *rig) do(section func() error) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.end()
		r.fail(section())
	}()
	<-done
	return r.err
}

func (r *rig) end() {
	for len(r.ends) > 0 {
		last := r.ends[len(r.ends)-1]
		r.ends = r.ends[:len(r.ends)-1]
		last()
	}
}

func (r *rig) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// The methods of registrytest.TB and kubetest.TB.

func (r *rig) Helper()                           {}
func (r *rig) Context() context.Context          { return r.ctx }
func (r *rig) Cleanup(f func())                  { r.ends = append(r.ends, f) }
func (r *rig) Failed() bool                      { return r.err != nil }
func (r *rig) Error(args ...any)                 { r.fail(errors.New(fmt.Sprint(args...))) }
func (r *rig) Errorf(format string, args ...any) { r.fail(fmt.Errorf(format, args...)) }

// Logf shows the end of what is to be logged: servers talk a lot.
func (r *rig) Logf(format string, args ...any) {
	const most = 2000
	text := fmt.Sprintf(format, args...)
	log.Print(text[max(0, len(text)-most):])
}

// Fatal ends the section.
func (r *rig) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

// Fatalf ends the section.
func (r *rig) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// TempDir is a folder that ends with the section.
func (r *rig) TempDir() string {
	dir, err := os.MkdirTemp("", "bench-regprune-")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
