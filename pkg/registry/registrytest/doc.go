// Package registrytest starts real registries for tests and fills them: Debian's
// docker-registry, which is distribution 2.8, and distribution 3, built by
// hack/programs.
//
// A server listens on the loopback interface, keeps its content in a folder and ends
// with the test; its log is shown if the test failed. Images are made here, pushed by
// the protocol ([Server.Push]) or, where thousands are wanted, written into a folder as
// distribution's filesystem driver would have done ([Write], [Seed]). [Faulty] stands
// before a server and breaks what it says.
//
// It is for tests only: it fails them instead of returning errors.
package registrytest
