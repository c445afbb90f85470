// Package e2e tests the plugins on a real cluster.
//
// The tests are behind the build tag "e2e" and use the cluster that
// TESTBED_KUBECONFIG names; without it they fail, because a skipped test proves
// nothing. hack/testbed makes such a cluster:
//
//	hack/testbed/testbed up
//	TESTBED_KUBECONFIG=… go test -tags e2e ./test/e2e
//
// Each test takes a namespace of its own and may run beside the others, and on
// a cluster that other people use. Only a test that calls Cluster.Restart needs
// the testbed for itself, so it must not be parallel.
//
// The harness drives kubectl and the built plugins as their users do, through
// processes; it needs no client library.
package e2e
