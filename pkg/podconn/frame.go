package podconn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"

	"github.com/moby/spdystream/spdy"
)

// Port-forward speaks SPDY/3.1, of which a connection with one pair of streams
// needs little. Frames with compressed headers are read and written by spdystream's
// framer. The session above it is our own: spdystream's hands each frame to one of
// five workers, which may deliver the end of the data before the reason for it,
// cannot give up waiting for a stream, has no deadlines, and may keep a goroutine
// for a second after closing.

const (
	// The client's streams have odd numbers. The order is that of every other
	// client: the error stream first.
	errorStream spdy.StreamId = 1
	dataStream  spdy.StreamId = 3

	frameHeader = 8
	// maxPayload is how much one data frame carries. Runtimes pass it on in
	// pieces of 32 KiB.
	maxPayload = 64 << 10
	// maxControlFrame bounds what a peer can make us allocate.
	maxControlFrame = 64 << 10

	controlBit = 0x80 // of a frame's first byte
	flagFin    = 0x01
)

// putDataHeader writes the header of a data frame with n bytes of payload.
func putDataHeader(b []byte, id spdy.StreamId, flags byte, n int) {
	binary.BigEndian.PutUint32(b, uint32(id))
	binary.BigEndian.PutUint32(b[4:], uint32(flags)<<24|uint32(n))
}

// dataHeader reads the header of a data frame.
func dataHeader(b []byte) (id spdy.StreamId, flags byte, n int) {
	return spdy.StreamId(binary.BigEndian.Uint32(b)), b[4], int(binary.BigEndian.Uint32(b[4:]) & 0xffffff)
}

// finFrame ends our half of a stream.
func finFrame(id spdy.StreamId) []byte {
	b := make([]byte, frameHeader)
	putDataHeader(b, id, flagFin, 0)
	return b
}

func pingFrame(id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{controlBit, spdy.Version, 0, byte(spdy.TypePing), 0, 0, 0, 4}, id)
}

// openFrames asks for the two streams of a connection to port. Sending both at
// once saves a round trip; the node pairs them by their request ID.
func openFrames(port int32) ([]byte, error) {
	var buf bytes.Buffer
	framer, err := spdy.NewFramer(&buf, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing SPDY frames: %w", err)
	}
	for _, s := range []struct {
		id  spdy.StreamId
		typ string
	}{{errorStream, "error"}, {dataStream, "data"}} {
		err := framer.WriteFrame(&spdy.SynStreamFrame{StreamId: s.id, Headers: http.Header{
			"streamType": {s.typ},
			"port":       {strconv.Itoa(int(port))},
			"requestID":  {"0"},
		}})
		if err != nil {
			return nil, fmt.Errorf("preparing SPDY frames: %w", err)
		}
	}
	return buf.Bytes(), nil
}
