package resp

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAppendCommand(t *testing.T) {
	got := string(AppendCommand(nil, "SCAN", "", "a\r\nb"))
	if want := "*3\r\n$4\r\nSCAN\r\n$0\r\n\r\n$4\r\na\r\nb\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRepliesOfEachType(t *testing.T) {
	r := NewReader(strings.NewReader("+OK\r\n:-42\r\n$-1\r\n*2\r\n$4\r\na\r\nb\r\n$0\r\n\r\n-NOPERM no\r\n:7\r\n"))
	if s, err := r.Status(); s != "OK" || err != nil {
		t.Errorf("status %q, %v", s, err)
	}
	if n, null, err := r.Int(); n != -42 || null || err != nil {
		t.Errorf("number %d, %v, %v", n, null, err)
	}
	if _, null, err := r.Int(); !null || err != nil {
		t.Errorf("nil %v, %v", null, err)
	}
	if n, err := r.ArrayLen(); n != 2 || err != nil {
		t.Errorf("array %d, %v", n, err)
	}
	for _, want := range []string{"a\r\nb", ""} {
		if b, err := r.AppendBulk(nil); string(b) != want || err != nil {
			t.Errorf("string %q, %v; want %q", b, err, want)
		}
	}
	var reply Error
	if _, _, err := r.Int(); !errors.As(err, &reply) || reply.Code() != "NOPERM" {
		t.Errorf("error reply: %v", err)
	}
	if n, _, err := r.Int(); n != 7 || err != nil {
		t.Errorf("after an error reply the stream is out of step: %d, %v", n, err)
	}
}

func TestLongStringInManyReads(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 500_000)
	r := NewReader(iotestOneKB{bytes.NewReader(append(append([]byte("$5000000\r\n"), want...), "\r\n"...))})
	got, err := r.AppendBulk([]byte("x"))
	if err != nil || !bytes.Equal(got[1:], want) || got[0] != 'x' {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

type iotestOneKB struct{ r io.Reader }

func (o iotestOneKB) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1000)]) }

func TestGarbageIsAProtocolError(t *testing.T) {
	for _, in := range []string{"ERROR\r\nERROR\r\n", "HTTP/1.1 400 Bad\r\n", "\r\n", "+\n", ":x\r\n", ":\r\n", ":99999999999999999999\r\n",
		"$5\r\nabcdefg\r\n", "*-1\r\n", strings.Repeat("x", 100_000)} {
		r := NewReader(strings.NewReader(in))
		var err error
		switch in[0] {
		case '$':
			_, err = r.AppendBulk(nil)
		case '*':
			_, err = r.ArrayLen()
		default:
			_, _, err = r.Int()
		}
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("%.30q: %v", in, err)
		}
	}
}

func TestCutStreamIsUnexpectedEOF(t *testing.T) {
	const whole = "$10\r\n0123456789\r\n"
	for n := 1; n < len(whole); n++ {
		if _, err := NewReader(strings.NewReader(whole[:n])).AppendBulk(nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
	if _, err := NewReader(strings.NewReader("")).Status(); !errors.Is(err, io.EOF) {
		t.Errorf("end between replies: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("*1\r\n$1\r\na\r\n"))
	f.Fuzz(func(_ *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in))
		if n, err := r.ArrayLen(); err == nil {
			for range min(n, 10) {
				if _, err := r.AppendBulk(nil); err != nil {
					return
				}
			}
		}
		_, _, _ = r.Int()
	})
}
