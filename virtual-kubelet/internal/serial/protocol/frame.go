// Package protocol is what goes over the line between the agent and a device: docs/virtual-nodes/serial-protocol.md.
package protocol

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
)

// Version is the protocol's; hello settles it.
const Version = 1

const (
	// MinLine is what both sides can take before hello tells more: bytes of a frame with its line feed.
	MinLine = 512
	// MaxLine is the longest that a device may announce.
	MaxLine = 65536
)

const (
	requestMark = '>'
	answerMark  = '<'
	checkMark   = '*'
)

// Frame is one line: a request, or the answer that has its sequence number.
type Frame struct {
	Answer bool
	Seq    uint32
	// Body is printable ASCII without the marks; words in it stand one space apart.
	Body string
}

// Overhead is what a frame has beside its body at the most: two marks, the sequence number, the length, two spaces, the checksum
// and the line feed.
const Overhead = 1 + 10 + 1 + 5 + 1 + 1 + 8 + 1

// Line is the frame as it goes over the line, with its line feed.
func (f Frame) Line() string {
	mark := requestMark
	if f.Answer {
		mark = answerMark
	}
	text := fmt.Sprintf("%c%d %d %s", mark, f.Seq, len(f.Body), f.Body)
	return fmt.Sprintf("%s%c%08X\n", text, checkMark, crc32.ChecksumIEEE([]byte(text)))
}

// Parse reads a line without its line feed. It is false for everything that is not, letter by letter, what Line writes.
func Parse(line []byte) (Frame, bool) {
	star := len(line) - 9
	if star < 1 || line[star] != checkMark {
		return Frame{}, false
	}
	text, sum := line[:star], line[star+1:]
	if fmt.Sprintf("%08X", crc32.ChecksumIEEE(text)) != string(sum) {
		return Frame{}, false
	}
	words := bytes.SplitN(text[1:], []byte(" "), 3)
	if len(words) != 3 || line[0] != requestMark && line[0] != answerMark {
		return Frame{}, false
	}
	seq, seqOK := number(words[0], 32)
	length, lengthOK := number(words[1], 31)
	if !seqOK || !lengthOK || length != uint64(len(words[2])) || !plain(words[2]) {
		return Frame{}, false
	}
	return Frame{Answer: line[0] == answerMark, Seq: uint32(seq), Body: string(words[2])}, true
}

// number is a decimal one without leading zeros.
func number(word []byte, bits int) (uint64, bool) {
	value, err := strconv.ParseUint(string(word), 10, bits)
	return value, err == nil && strconv.FormatUint(value, 10) == string(word)
}

func plain(body []byte) bool {
	for _, c := range body {
		if c < ' ' || c > '~' || c == requestMark || c == answerMark || c == checkMark {
			return false
		}
	}
	return true
}
