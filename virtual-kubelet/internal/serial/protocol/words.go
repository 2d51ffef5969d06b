package protocol

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// empty is the word for no bytes at all; base64 has no such letter.
const empty = "-"

// Encode makes a word of any bytes.
func Encode[T string | []byte](content T) string {
	if len(content) == 0 {
		return empty
	}
	return base64.StdEncoding.EncodeToString([]byte(content))
}

// Decode is the way back.
func Decode(word string) ([]byte, error) {
	if word == empty {
		return nil, nil
	}
	return base64.StdEncoding.Strict().DecodeString(word)
}

// Room is how many bytes can be encoded in a word of so many letters.
func Room(letters int) int { return max(0, letters/4*3) }

// Codes of errors that a device answers with.
const (
	// CodeUnknown is a request that the device does not know.
	CodeUnknown = "unknown"
	// CodeSyntax is one that it does not understand.
	CodeSyntax = "syntax"
	// CodeVersion is a hello in a version that it does not speak.
	CodeVersion = "version"
	// CodeMissing is a pod or an attempt that is not there.
	CodeMissing = "missing"
	// CodeLimit is something that is too large or too much for it; the text names the limit.
	CodeLimit = "limit"
	// CodeFailed is something that it tried in vain; the text says what.
	CodeFailed = "failed"
)

// Answer is what a device said: fields, and items where there can be many.
type Answer struct {
	OK     bool
	Fields map[string]string
	Items  [][]string
}

// ParseAnswer reads an answer's body: "ok" or "err", then fields "name=value" and items "kind:word:word".
func ParseAnswer(body string) (Answer, error) {
	words := strings.Split(body, " ")
	answer := Answer{OK: words[0] == "ok", Fields: map[string]string{}}
	if !answer.OK && words[0] != "err" {
		return answer, fmt.Errorf("an answer begins with %q", words[0])
	}
	for _, word := range words[1:] {
		if name, value, ok := strings.Cut(word, "="); ok {
			answer.Fields[name] = value
		} else {
			answer.Items = append(answer.Items, strings.Split(word, ":"))
		}
	}
	return answer, nil
}

// Number reads a field; one that is not there is 0.
func (a Answer) Number(name string) (int64, error) {
	word, ok := a.Fields[name]
	if !ok {
		return 0, nil
	}
	value, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is no number", name, word)
	}
	return value, nil
}

// Bytes reads a field that holds any bytes.
func (a Answer) Bytes(name string) ([]byte, error) {
	word, ok := a.Fields[name]
	if !ok {
		return nil, nil
	}
	content, err := Decode(word)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return content, nil
}
