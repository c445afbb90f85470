package kubetest

import "go.uber.org/goleak"

// UpstreamLeaks tells goleak about goroutines that the handlers of Kubernetes
// leave behind, some for a while and some for good, when a client goes away at
// an awkward moment, and that nobody outside can end.
//
// A client that uses client-go's executor or spdystream itself must not be tested
// with it: leaks of its own would pass for the server's.
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...) }
func UpstreamLeaks() []goleak.Option {
	const (
		apiServer = "k8s.io/apiserver/pkg/util/proxy."
		runtime   = "k8s.io/cri-streaming/pkg/streaming/remotecommand."
		spdy      = "github.com/moby/spdystream."
	)
	var options []goleak.Option
	for _, function := range []string{
		// A translator waits 30 s for the other end to accept a stream, even
		// when the connection has long ended, and its WebSocket waits with it.
		"k8s.io/client-go/tools/remotecommand.(*spdyStreamExecutor).StreamWithContext.func1",
		apiServer + "(*StreamTranslatorHandler).ServeHTTP",
		apiServer + "handleResizeEvents",
		"k8s.io/streaming/pkg/httpstream/wsstream.(*Conn).handle",
		// A runtime waits 30 s for the streams of a client that has gone.
		runtime + "createHTTPStreamStreams",
		// A stream whose acceptance could not be sent, because the client had
		// gone, waits for that for ever before its first write. When it is
		// reset, it blocks a worker of its connection; the connection waits for
		// its workers, and its shutdown for its streams.
		spdy + "(*Stream).waitWriteReply",
		"github.com/kubectl-suite/kubectl-suite/pkg/kubetest.(*containers).Exec",
		spdy + "(*Connection).frameHandler",
		spdy + "(*Connection).Serve",
		spdy + "(*Connection).shutdown.func1",
		// Closing a connection twice makes SPDY wait a second for somebody who
		// wants to hear of the error.
		spdy + "(*Connection).shutdown",
	} {
		options = append(options, goleak.IgnoreAnyFunction(function))
	}
	return options
}
