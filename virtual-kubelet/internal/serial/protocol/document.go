package protocol

import (
	"fmt"
	"strings"
)

// Document says what an attempt runs. On the line it is a sequence of texts, each ended by a zero byte; the first letter of each
// says what it is.
type Document struct {
	// Args are the command and its arguments ("a").
	Args []string
	// Env are the variables, "NAME=VALUE", in order; what comes later wins ("e").
	Env []string
	// Directory is the working directory: absolute on the device, or below the attempt's root ("d").
	Directory string
	// Mounts are what of the pod's volumes is seen below the attempt's root.
	Mounts []Mount
	// MessageFile below the root holds the termination message when the attempt has ended ("t").
	MessageFile string
	// MessageFromLog takes the log's end instead, if that file is empty and the exit code is not 0 ("f").
	MessageFromLog bool
}

// Mount is a volume, or a path in it, at a path below the root ("m" with the path, then "v" with the volume and the path in it).
type Mount struct{ Path, Source string }

// Bytes is the document as it is sent.
func (d Document) Bytes() []byte {
	var text strings.Builder
	say := func(letter, value string) { text.WriteString(letter + value + "\x00") }
	for _, arg := range d.Args {
		say("a", arg)
	}
	for _, variable := range d.Env {
		say("e", variable)
	}
	if d.Directory != "" {
		say("d", d.Directory)
	}
	for _, mount := range d.Mounts {
		say("m", mount.Path)
		say("v", mount.Source)
	}
	if d.MessageFile != "" {
		say("t", d.MessageFile)
	}
	if d.MessageFromLog {
		say("f", "")
	}
	return []byte(text.String())
}

// ParseDocument is the way back. A letter that is not known is an error: the device would run something else than was asked for.
func ParseDocument(content []byte) (Document, error) {
	var d Document
	if len(content) == 0 || content[len(content)-1] != 0 {
		return d, fmt.Errorf("the document does not end with a zero byte")
	}
	open := false
	for _, text := range strings.Split(string(content[:len(content)-1]), "\x00") {
		if text == "" || open != (text[0] == 'v') {
			return d, fmt.Errorf("%q is out of place in the document", text)
		}
		value := text[1:]
		open = text[0] == 'm'
		switch text[0] {
		case 'a':
			d.Args = append(d.Args, value)
		case 'e':
			d.Env = append(d.Env, value)
		case 'd':
			d.Directory = value
		case 'm':
			d.Mounts = append(d.Mounts, Mount{Path: value})
		case 'v':
			d.Mounts[len(d.Mounts)-1].Source = value
		case 't':
			d.MessageFile = value
		case 'f':
			d.MessageFromLog = true
		default:
			return d, fmt.Errorf("%q in the document is not known", text[:1])
		}
	}
	if open || len(d.Args) == 0 {
		return d, fmt.Errorf("the document is not complete")
	}
	return d, nil
}
