package live

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"unicode/utf8"
)

// palette holds the colours that stand out on light and dark ground; red is left
// for what is wrong.
var palette = []int{32, 33, 34, 35, 36, 92, 93, 94, 95, 96}

// marks of the two streams.
var marks = [2]string{"|", "!"}

// prefix is "web-0 | " for stdout and "web-0 ! " for stderr, and with a "+" for
// what goes on with a line that was too long: "web-0 |+ ". Without labels there is
// none, but the "+ " stays.
func (s *Sink) prefix(index, stream int, continued bool) string {
	mark := marks[stream]
	if continued {
		mark += "+"
	}
	if len(s.labels) == 0 {
		if continued {
			return "+ "
		}
		return ""
	}
	label := s.labels[index]
	pad := ""
	if s.streams[stream].Terminal {
		pad = strings.Repeat(" ", s.width-utf8.RuneCountInString(label))
	}
	if s.streams[stream].Color {
		label = colour(label)
	}
	return label + pad + " " + mark + " "
}

// colour follows from the name alone, so that a pod keeps it from run to run. It
// begins with a reset, in case the line before it left something switched on.
func colour(name string) string {
	h := fnv.New32a()
	_, _ = io.WriteString(h, name)
	return fmt.Sprintf("\x1b[0;%dm%s\x1b[0m", palette[h.Sum32()%uint32(len(palette))], name)
}
