package podexec

import (
	"bytes"
	"testing"

	"github.com/moby/spdystream/spdy"
)

// TestFramesAreUnderstood reads our frames with the library that servers use.
func TestFramesAreUnderstood(t *testing.T) {
	b := appendSynStream(nil, 1, "streamtype", "error", true)
	b = appendSynStream(b, 3, "streamtype", "stdout", false)
	b = append(b, pingFrame(7)...)
	data := append(make([]byte, frameHeader), "input"...)
	putDataHeader(data, 5, flagFin)
	b = append(b, data...)

	framer, err := spdy.NewFramer(&bytes.Buffer{}, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range []string{"error", "stdout"} {
		f, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		syn, ok := f.(*spdy.SynStreamFrame)
		if !ok || int(syn.StreamId) != 2*i+1 || syn.Headers.Get("streamType") != kind || syn.CFHeader.Flags != 0 {
			t.Errorf("frame %d is %+v", i, f)
		}
	}
	f, err := framer.ReadFrame()
	if ping, ok := f.(*spdy.PingFrame); err != nil || !ok || ping.Id != 7 {
		t.Errorf("ping is %+v, %v", f, err)
	}
	f, err = framer.ReadFrame()
	if d, ok := f.(*spdy.DataFrame); err != nil || !ok || d.StreamId != 5 || d.Flags != spdy.DataFlagFin || string(d.Data) != "input" {
		t.Errorf("data is %+v, %v", f, err)
	}
}
