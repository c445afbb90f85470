//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	smallKey = "bench:small"
	largeKey = "bench:large"
	parallel = 8
)

// result holds one value per measurement, in seconds or bytes per second.
type result struct {
	connect, get, down, up, parallel []float64

	downCPU, upCPU []float64 // seconds of this process's CPU time per GiB
}

// client speaks just enough of the Redis protocol.
type client struct {
	net.Conn
	r *bufio.Reader
}

func connect(ctx context.Context, w contender) (*client, error) {
	c, err := w.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &client{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// do sends one command and returns the length of the answer, whose bytes it drops.
func (c *client) do(args ...[]byte) (int, error) {
	var head []byte
	head = fmt.Appendf(head, "*%d\r\n", len(args))
	for _, a := range args {
		head = fmt.Appendf(head, "$%d\r\n", len(a))
		if len(a) > 1<<16 {
			if _, err := c.Write(head); err != nil {
				return 0, err
			}
			if _, err := c.Write(a); err != nil {
				return 0, err
			}
			head = head[:0]
		} else {
			head = append(head, a...)
		}
		head = append(head, "\r\n"...)
	}
	if _, err := c.Write(head); err != nil {
		return 0, err
	}
	return c.answer()
}

func (c *client) answer() (int, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	switch line[0] {
	case '-':
		return 0, errors.New("redis: " + line)
	case '$':
		n, err := strconv.Atoi(line[1 : len(line)-2])
		if err != nil || n < 0 {
			return 0, fmt.Errorf("redis: unexpected answer %q", line)
		}
		_, err = io.CopyN(io.Discard, c.r, int64(n)+2)
		return n, err
	}
	return 0, nil
}

func command(args ...string) [][]byte {
	var b [][]byte
	for _, a := range args {
		b = append(b, []byte(a))
	}
	return b
}

func prepare(ctx context.Context, w contender, o options) error {
	c, err := connect(ctx, w)
	if err != nil {
		return fmt.Errorf("connecting to the Redis: %w", err)
	}
	defer c.Close()
	if _, err := c.do(command("SET", smallKey, "0123456789abcdef0123456789abcdef")...); err != nil {
		return err
	}
	_, err = c.do([]byte("SET"), []byte(largeKey), value(o))
	return err
}

func value(o options) []byte {
	v := make([]byte, o.bulk<<20)
	for i := range v {
		v[i] = byte(i * 31 >> 3)
	}
	return v
}

func measure(ctx context.Context, w contender, o options, r *result) error {
	for range 5 {
		start := time.Now()
		c, err := connect(ctx, w)
		if err != nil {
			return err
		}
		if _, err := c.do(command("PING")...); err != nil {
			return err
		}
		r.connect = append(r.connect, time.Since(start).Seconds())
		c.Close()
	}
	c, err := connect(ctx, w)
	if err != nil {
		return err
	}
	defer c.Close()
	get := command("GET", smallKey)
	for range o.gets {
		start := time.Now()
		if _, err := c.do(get...); err != nil {
			return err
		}
		r.get = append(r.get, time.Since(start).Seconds())
	}
	start, cpu := time.Now(), cpuTime()
	n, err := c.do(command("GET", largeKey)...)
	if err != nil {
		return err
	}
	r.down = append(r.down, float64(n)/time.Since(start).Seconds())
	r.downCPU = append(r.downCPU, (cpuTime()-cpu)/float64(n)*(1<<30))
	v := value(o)
	start, cpu = time.Now(), cpuTime()
	if _, err := c.do([]byte("SET"), []byte(largeKey), v); err != nil {
		return err
	}
	r.up = append(r.up, float64(len(v))/time.Since(start).Seconds())
	r.upCPU = append(r.upCPU, (cpuTime()-cpu)/float64(len(v))*(1<<30))
	return measureParallel(ctx, w, r)
}

// measureParallel downloads the large value over several connections at once.
func measureParallel(ctx context.Context, w contender, r *result) error {
	var clients []*client
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	for range parallel {
		c, err := connect(ctx, w)
		if err != nil {
			return err
		}
		clients = append(clients, c)
	}
	start := time.Now()
	var wg sync.WaitGroup
	sizes, errs := make([]int, parallel), make([]error, parallel)
	for i, c := range clients {
		wg.Go(func() { sizes[i], errs[i] = c.do(command("GETRANGE", largeKey, "0", strconv.Itoa(32<<20))...) })
	}
	wg.Wait()
	total := 0
	for _, n := range sizes {
		total += n
	}
	r.parallel = append(r.parallel, float64(total)/time.Since(start).Seconds())
	return errors.Join(errs...)
}

// cpuTime is what this process has used so far, in seconds. For ways that run in
// it, it compares the work they do, however busy the machine is.
func cpuTime() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func median(v []float64) float64 { return percentile(v, 0.5) }

func percentile(v []float64, p float64) float64 {
	if len(v) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(v))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*p))]
}
