package registry

import "strconv"

// plainDocument reads the JSON of usual manifests many times faster than encoding/json
// does, which matters where there are tens of thousands. It understands only what can be
// read in one way: texts without escapes and of ASCII, whole numbers, known names, each
// once and in their usual spelling. Of everything else it says false.
func plainDocument(body []byte) (*document, bool) {
	p := &plain{text: body}
	d := &document{of: body}
	p.object(func(name []byte) (bit int) {
		switch string(name) {
		case "schemaVersion":
			d.SchemaVersion, bit = int(p.number()), 1<<0
		case "mediaType":
			d.MediaType, bit = p.word(), 1<<1
		case "artifactType":
			d.ArtifactType, bit = p.word(), 1<<2
		case "config":
			d.Config, bit = p.descriptor(&Descriptor{}), 1<<3
		case "layers":
			d.Layers, bit = p.descriptors(), 1<<4
		case "manifests":
			d.Manifests, bit = p.descriptors(), 1<<5
		case "subject":
			d.Subject, bit = p.descriptor(&Descriptor{}), 1<<6
		case "annotations":
			d.Annotations, bit = p.texts(), 1<<7
		}
		return bit
	})
	p.space()
	return d, !p.odd && p.at == len(p.text)
}

// plain is a text that is being read, up to something odd.
type plain struct {
	text []byte
	at   int
	odd  bool
}

func (p *plain) descriptor(d *Descriptor) *Descriptor {
	p.object(func(name []byte) (bit int) {
		switch string(name) {
		case "mediaType":
			d.MediaType, bit = p.word(), 1<<0
		case "digest":
			d.Digest, bit = string(p.quoted()), 1<<1
		case "size":
			d.Size, bit = p.number(), 1<<2
		case "artifactType":
			d.ArtifactType, bit = p.word(), 1<<3
		case "annotations":
			d.Annotations, bit = p.texts(), 1<<4
		case "platform":
			d.Platform, bit = p.platform(), 1<<5
		}
		return bit
	})
	return d
}

func (p *plain) platform() *Platform {
	o := &Platform{}
	p.object(func(name []byte) (bit int) {
		switch string(name) {
		case "os":
			o.OS, bit = p.word(), 1<<0
		case "architecture":
			o.Architecture, bit = p.word(), 1<<1
		case "variant":
			o.Variant, bit = p.word(), 1<<2
		}
		return bit
	})
	return o
}

func (p *plain) descriptors() []Descriptor {
	list := []Descriptor{}
	p.list('[', ']', func() {
		list = append(list, Descriptor{})
		p.descriptor(&list[len(list)-1])
	})
	return list
}

func (p *plain) texts() map[string]string {
	texts := map[string]string{}
	p.list('{', '}', func() {
		name := string(p.quoted())
		p.expect(':')
		texts[name] = string(p.quoted())
	})
	return texts
}

// object calls member after each name, to read what belongs to it and to return a bit for
// the name, 0 if it is not known.
func (p *plain) object(member func(name []byte) (bit int)) {
	seen := 0
	p.list('{', '}', func() {
		name := p.quoted()
		p.expect(':')
		bit := member(name)
		p.odd = p.odd || bit == 0 || seen&bit != 0
		seen |= bit
	})
}

// list calls item for each of what commas separate.
func (p *plain) list(begin, end byte, item func()) {
	p.expect(begin)
	if p.space() == end {
		p.at++
		return
	}
	for !p.odd {
		item()
		switch p.space() {
		case ',':
			p.at++
		case end:
			p.at++
			return
		default:
			p.odd = true
		}
	}
}

// space passes over white space and returns what comes then, 0 at the end.
func (p *plain) space() byte {
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (p *plain) expect(c byte) {
	if p.space() != c {
		p.odd = true
		return
	}
	p.at++
}

func (p *plain) quoted() []byte {
	p.expect('"')
	for from := p.at; !p.odd && p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[from : p.at-1]
		case c == '\\', c < ' ', c > '~':
			p.odd = true
		}
	}
	p.odd = true
	return nil
}

// number reads a whole number that is not negative.
func (p *plain) number() int64 {
	p.space()
	from := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	digits := p.text[from:p.at]
	n, err := strconv.ParseInt(string(digits), 10, strconv.IntSize) // as the smallest field takes it
	p.odd = p.odd || err != nil || len(digits) > 1 && digits[0] == '0'
	return n
}

// word is a text that many manifests have, kept in memory once if it is a usual one.
func (p *plain) word() string {
	text := p.quoted()
	if known, ok := usual[string(text)]; ok {
		return known
	}
	return string(text)
}

var usual = func() map[string]string {
	words := map[string]string{}
	for _, w := range append([]string{
		"application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip",
		"application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd",
		"linux", "windows", "unknown", "amd64", "arm64", "arm", "v7", "v8",
	}, MediaTypes...) {
		words[w] = w
	}
	return words
}()
