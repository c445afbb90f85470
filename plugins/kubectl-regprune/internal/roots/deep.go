package roots

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// deepScan recognizes images of the registry in arbitrary texts.
type deepScan struct {
	hosts  Hosts
	known  *contents
	secret bool // nothing of the text may be kept but what the registry knows, too

	templates map[string]bool // those that were met, and whether they can become a tag
}

// word is what can be an image, or a template of one, within a text.
var word = regexp.MustCompile(`(?:[A-Za-z0-9._:/@-]|\[[0-9A-Fa-f:]+\]|\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|\$\([^()\n]*\)|%[sdv])+`)

// escapes are line ends and the like in a text that quotes another text. A word
// must not begin with the letter of one.
var escapes = strings.NewReplacer(`\n`, " ", `\r`, " ", `\t`, " ", `\"`, " ")

// text takes a string of an object.
//
// A repository of the registry's without a tag stands for all tags if whole is true: the
// tag is somewhere else.
func (w *walker) text(text string, whole bool) {
	if w.deep == nil || !strings.ContainsAny(text, ":/@") {
		return // most texts
	}
	for _, image := range w.deep.images(text, whole) {
		w.add(image, false, w.here(Mentioned))
	}
}

// images are the references to images of the registry that a text has, each once.
func (d *deepScan) images(text string, whole bool) []string {
	var images []string
	if strings.Contains(text, `\`) {
		text = escapes.Replace(text)
	}
	for _, candidate := range word.FindAllString(text, -1) {
		if image := d.image(candidate, whole); image != "" && !slices.Contains(images, image) {
			images = append(images, image)
		}
	}
	return images
}

// longest is the length of the longest reference there can be: host, repository,
// tag and digest, with some room for placeholders.
const longest = 1024

// image is the reference that a word is, or "" if it is none into the registry.
func (d *deepScan) image(candidate string, whole bool) string {
	oci := strings.HasPrefix(candidate, ociScheme)
	candidate = strings.Trim(withoutScheme(candidate), ".:/@-")
	if len(candidate) > longest || !strings.ContainsAny(candidate, ":/@") {
		return "" // a word like any other
	}
	if t := parseTemplate(candidate, d.hosts); t != nil {
		if d.secret || !d.template(candidate, t) {
			return ""
		}
		return candidate
	}
	img, err := parseImage(candidate)
	if err != nil {
		return ""
	}
	if img.path == "" {
		if d.known.linked[img.digest] {
			return img.digest
		}
		return ""
	}
	names := d.hosts.repositories(img)
	i := slices.IndexFunc(names, func(n string) bool { return d.known.tags[n] != nil })
	_, alias := d.hosts.alias(img.host)
	all := whole && (alias || oci) && img.tag == "" && img.digest == ""
	switch {
	case i < 0:
		return ""
	case all && d.secret:
		return names[i] + ":" + anyTag
	case all:
		return candidate + ":" + anyTag
	case d.secret:
		return d.disclosed(names, img)
	}
	return candidate
}

// disclosed is an image without anything that only the text knows: its host may be a
// name, and its tag a password. It is "" if nothing remains.
func (d *deepScan) disclosed(names []string, img image) string {
	if img.tag == "" && img.digest == "" {
		img.tag = defaultTag
	}
	for _, n := range names {
		tagged, linked := d.known.tagged(n, img.tag), d.known.linked[img.digest]
		switch {
		case tagged && linked:
			return n + ":" + img.tag + "@" + img.digest
		case tagged:
			return n + ":" + img.tag
		case linked && d.known.tags[n] != nil:
			return n + "@" + img.digest
		}
	}
	return ""
}

// template reports whether a template can become a tag of the registry.
func (d *deepScan) template(text string, t *template) bool {
	if can, ok := d.templates[text]; ok {
		return can
	}
	can := !d.hosts.foreign(t.host) && d.known.any(t)
	d.templates[strings.Clone(text)] = can
	return can
}

// encoded walks through a Secret or ConfigMap, whose binary data are in base64.
func (w *walker) encoded(object map[string]any) {
	for _, key := range []string{"data", "binaryData"} {
		if key == "data" && !w.deep.secret && object["kind"] != "Secret" {
			continue
		}
		values, _ := object[key].(map[string]any)
		w.in(segment(key), func() {
			for name, v := range values {
				text, _ := v.(string)
				if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
					w.in(segment(name), func() { w.text(string(plain), true) })
				}
			}
		})
	}
	w.object(object)
}

// split takes an image whose parts are in fields of their own, as in the values of
// charts: registry, repository, tag, digest. It returns the key whose text
// it has used, or "".
func (w *walker) split(m map[string]any) string {
	if w.deep == nil {
		return ""
	}
	key := "repository"
	for _, other := range []string{"newName", "image"} {
		if first(m, key) == "" {
			key = other
		}
	}
	image, tag, digest := first(m, key), first(m, "tag", "newTag"), first(m, "digest")
	if image == "" || tag == "" && digest == "" {
		return ""
	}
	if host := first(m, "registry"); host != "" {
		image = host + "/" + image
	}
	if tag != "" {
		image += ":" + tag
	}
	if digest != "" {
		image += "@" + digest
	}
	w.text(image, false)
	return key
}
