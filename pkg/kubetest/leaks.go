package kubetest

import "go.uber.org/goleak"

// UpstreamLeaks tells goleak about goroutines that the handlers of Kubernetes
// leave behind, some for a while and some for good, when a client goes away at
// an awkward moment, and that nobody outside can end. None of them can stem from
// a client that is worth testing: client-go's own executor aside, a connection
// whose Close has returned has none of them.
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...) }
func UpstreamLeaks() []goleak.Option {
	return []goleak.Option{
		// A translator waits 30 s for the other end to accept a stream, even
		// when the connection has long ended, and its WebSocket waits with it.
		goleak.IgnoreAnyFunction("k8s.io/client-go/tools/remotecommand.(*spdyStreamExecutor).StreamWithContext.func1"),
		goleak.IgnoreAnyFunction("k8s.io/apiserver/pkg/util/proxy.(*StreamTranslatorHandler).ServeHTTP"),
		goleak.IgnoreAnyFunction("k8s.io/apiserver/pkg/util/proxy.handleResizeEvents"),
		goleak.IgnoreAnyFunction("k8s.io/streaming/pkg/httpstream/wsstream.(*Conn).handle"),
		// A runtime waits 30 s for the streams of a client that has gone.
		goleak.IgnoreAnyFunction("k8s.io/cri-streaming/pkg/streaming/remotecommand.createHTTPStreamStreams"),
		// A server's stream whose acceptance could not be sent, because the
		// client had gone, waits for that for ever before its first write.
		goleak.IgnoreAnyFunction("github.com/moby/spdystream.(*Stream).waitWriteReply"),
		goleak.IgnoreAnyFunction("github.com/kubectl-suite/kubectl-suite/pkg/kubetest.(*containers).Exec"),
		// The same stream, when it is reset, blocks a worker of its connection,
		// and the connection waits for its workers. A client's connection that
		// nobody closed still shows, by its monitor goroutine.
		goleak.IgnoreTopFunction("github.com/moby/spdystream.(*Connection).handleResetFrame"),
		goleak.IgnoreAnyFunction("github.com/moby/spdystream.(*Connection).Serve"),
		// Closing a connection twice makes SPDY wait a second for somebody who
		// wants to hear of the error.
		goleak.IgnoreTopFunction("github.com/moby/spdystream.(*Connection).shutdown"),
	}
}
