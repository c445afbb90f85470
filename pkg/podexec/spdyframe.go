package podexec

import "encoding/binary"

// What a command needs of SPDY/3.1 is little: open streams, data both ways, pings.
// Header blocks are written uncompressed, inside the compressed format, and read
// not at all: the only ones that a server sends are empty.

const (
	frameHeader = 8
	controlBit  = 0x80
	spdyVersion = 3
	flagFin     = 0x01

	kindSynStream = 1
	kindSynReply  = 2
	kindReset     = 3
	kindPing      = 6
	kindGoAway    = 7
)

// frame is the header of a frame.
type frame struct {
	control bool
	kind    uint16 // of a control frame
	id      uint32 // the stream of a data frame
	size    int    // of what follows
}

func readHeader(b []byte) frame {
	f := frame{control: b[0]&controlBit != 0, size: int(binary.BigEndian.Uint32(b[4:]) & 0xffffff)}
	if f.control {
		f.kind = binary.BigEndian.Uint16(b[2:])
	} else {
		f.id = binary.BigEndian.Uint32(b)
	}
	return f
}

func word(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// putDataHeader turns a frame whose first bytes are free into a data frame.
func putDataHeader(frame []byte, id uint32, flags byte) {
	binary.BigEndian.PutUint32(frame, id)
	binary.BigEndian.PutUint32(frame[4:], uint32(flags)<<24|uint32(len(frame)-frameHeader)) // at most 32 KiB
}

func appendControl(b []byte, kind byte, size int) []byte {
	b = append(b, controlBit, spdyVersion, 0, kind)
	return binary.BigEndian.AppendUint32(b, uint32(size)) // a few bytes; no flags
}

func pingFrame(id uint32) []byte {
	return binary.BigEndian.AppendUint32(appendControl(nil, kindPing, 4), id)
}

// zlibHeader begins a connection's stream of header blocks: zlib's two bytes, and
// the checksum of the dictionary that SPDY/3 prescribes, though nothing uses it.
var zlibHeader = []byte{0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2}

// appendSynStream appends a frame that opens a stream with one header. The name
// is in lower case. first says that no stream was opened before it.
func appendSynStream(b []byte, id uint32, name, value string, first bool) []byte {
	block := binary.BigEndian.AppendUint32(nil, 1)
	for _, s := range []string{name, value} {
		block = binary.BigEndian.AppendUint32(block, uint32(len(s))) // a few bytes
		block = append(block, s...)
	}
	var packed []byte
	if first {
		packed = append(packed, zlibHeader...)
	}
	n := uint16(len(block))    // a few bytes
	packed = append(packed, 0) // a stored block that is not the last
	packed = binary.LittleEndian.AppendUint16(packed, n)
	packed = binary.LittleEndian.AppendUint16(packed, ^n)
	packed = append(packed, block...)
	packed = append(packed, 0, 0, 0, 0xff, 0xff) // an empty one, which means: flush

	b = appendControl(b, kindSynStream, 10+len(packed))
	b = binary.BigEndian.AppendUint32(b, id)
	b = append(b, 0, 0, 0, 0, 0, 0) // no associated stream, no priority, no slot
	return append(b, packed...)
}
