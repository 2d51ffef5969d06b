package ssh

import (
	"bytes"
	"strconv"
	"strings"
)

// payload is what is sent to `apply`: a text in the script's words, and the content of files behind it. Both go by standard input.
type payload struct {
	text    strings.Builder
	content bytes.Buffer
}

// say adds a line to the text, each word quoted.
func (p *payload) say(word string, words ...string) {
	p.raw(strings.TrimSpace(word + " " + quote(words...)))
}

func (p *payload) raw(line string) { p.text.WriteString(line + "\n") }

// add keeps content and returns where it is, as words.
func (p *payload) add(content []byte) (offset, length string) {
	offset, length = strconv.Itoa(p.content.Len()), strconv.Itoa(len(content))
	p.content.Write(content)
	return
}

// keep has content written to a file of the attempt.
func (p *payload) keep(file, content string) {
	offset, length := p.add([]byte(content))
	p.say("keep", file, offset, length)
}

// bytes returns the length of the text and everything.
func (p *payload) bytes() (text int, all []byte) {
	return p.text.Len(), append([]byte(p.text.String()), p.content.Bytes()...)
}
