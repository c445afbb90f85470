// Package podconn dials ports of pods and services: port-forward as a
// DialContext, with no local listener and no process to look after.
//
//	d, err := podconn.New(cfg, "prod")
//	conn, err := d.DialContext(ctx, "tcp", "svc/redis:6379")
//
// Addresses are pod/NAME:PORT, svc/NAME:PORT and NAME:PORT, which means a pod.
// PORT is a number or a port's name. For libraries that insist on an address of
// their own, [Dialer.To] gives a dial function that goes to one place whatever it
// is asked:
//
//	http.Transport{DialContext: d.To("svc/web:http")}
//	redis.Options{Dialer: d.To("pod/redis-0:6379")}
//
// # What the connections are like
//
// Each is a net.Conn over an upgraded connection of its own to the API server: a
// WebSocket, or plain SPDY where WebSockets do not get through
// (KUBECTL_PORT_FORWARD_WEBSOCKETS=false goes straight to SPDY). A connection
// costs a TLS handshake and an upgrade, so keep and reuse them; one that stalls or
// fails disturbs no other. Deadlines work in each direction, and the connection
// can be used again after one has passed. Close returns within about a second
// whatever the peer does and leaves no goroutine behind.
//
// The pod is looked up again by each dial, so dialling again after an error finds
// the pod that has taken the place of a lost one.
//
// # Errors
//
// What the node says about the pod's end of the connection is a [*PodError]
// instead of the end of file that it is in other clients. Port-forward does not
// confirm that it has reached the program: a refused port is known a few
// milliseconds after the streams are open. DialContext waits that long ([Grace]),
// so a refusal is nearly always an error of the dial; if it comes later, it is the
// error of the first Read or Write.
//
// A connection that breaks between here and the node gives an error that is
// [io.ErrUnexpectedEOF], never io.EOF: an answer cut short cannot pass for a
// complete one.
//
// # Half-closing
//
// CloseWrite tells the node that no more will come. What the node makes of it
// depends on its runtime: containerd does not pass it on to the program, but waits
// one second for the rest of the answer and then closes.
//
// # Permissions
//
// A dial needs create on pods/portforward, and get as well where it uses a
// WebSocket. Names of ports need get on pods, services need get on services and list
// on endpointslices (or list on pods instead).
package podconn
