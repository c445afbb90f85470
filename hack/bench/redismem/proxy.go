package main

import (
	"net"
	"sync"
	"time"
)

// proxy passes connections on and adds a delay to each direction, without limiting
// how much is under way: a long cable.
type proxy struct {
	listener net.Listener
	to       string
	delay    time.Duration
	open     sync.WaitGroup
}

func startProxy(to string, delay time.Duration) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, to: to, delay: delay}
	go p.accept()
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) stop() {
	_ = p.listener.Close()
	p.open.Wait()
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.open.Add(2)
		go p.carry(far.(*net.TCPConn), near.(*net.TCPConn))
		go p.carry(near.(*net.TCPConn), far.(*net.TCPConn))
	}
}

// packet arrives at its time; one without data is the end.
type packet struct {
	at   time.Time
	data []byte
}

func (p *proxy) carry(to, from *net.TCPConn) {
	defer p.open.Done()
	way := make(chan packet, 1<<16)
	go func() {
		defer close(way)
		for {
			buf := make([]byte, 32<<10)
			n, err := from.Read(buf)
			if n > 0 {
				way <- packet{time.Now().Add(p.delay), buf[:n]}
			}
			if err != nil {
				way <- packet{at: time.Now().Add(p.delay)}
				return
			}
		}
	}()
	broken := false
	for pkt := range way {
		time.Sleep(time.Until(pkt.at))
		if pkt.data == nil {
			_ = to.CloseWrite()
			continue
		}
		if _, err := to.Write(pkt.data); err != nil && !broken {
			broken = true
			_ = from.Close()
		}
	}
}
