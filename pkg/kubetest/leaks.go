package kubetest

import "go.uber.org/goleak"

// UpstreamLeaks tells goleak about goroutines that the handlers of Kubernetes
// leave behind for a while when a client goes away at an awkward moment, and
// that nobody outside can end. None of them can stem from a client, unless the
// client is client-go's own executor.
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...) }
func UpstreamLeaks() []goleak.Option {
	return []goleak.Option{
		// A translator waits 30 s for the other end to accept a stream, even
		// when the connection has long ended.
		goleak.IgnoreAnyFunction("k8s.io/client-go/tools/remotecommand.(*spdyStreamExecutor).StreamWithContext.func1"),
		// A runtime waits 30 s for the streams of a client that has gone.
		goleak.IgnoreAnyFunction("k8s.io/cri-streaming/pkg/streaming/remotecommand.createHTTPStreamStreams"),
		// Closing a connection twice makes SPDY wait a second for somebody who
		// wants to hear of the error.
		goleak.IgnoreTopFunction("github.com/moby/spdystream.(*Connection).shutdown"),
	}
}
