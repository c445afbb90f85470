// Package krew tests that krew can install what a release contains, and that kubectl
// then finds and runs it.
//
// The tests are behind the build tag "krew" and use the archives in dist/ (or in
// the folder that KREW_TEST_DIST names), which hack/snapshot makes with goreleaser;
// hack/krew-test does both. Krew, kubectl and krew's own validator are the real
// ones, from hack/programs. Nothing leaves the machine: the archives come from a
// server on the loopback interface, and each test has a KREW_ROOT of its own.
package krew
