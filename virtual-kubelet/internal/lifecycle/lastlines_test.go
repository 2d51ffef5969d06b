package lifecycle

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestNoMoreLinesThanWereAskedFor(t *testing.T) {
	for asked, want := range map[int]string{0: "", 1: "one\n", 2: "one\n\n", 3: "one\n\nthree\n", 4: "one\n\nthree\nno end", 9: "one\n\nthree\nno end"} {
		text := strings.NewReader("one\n\nthree\nno end")
		for how, from := range map[string]io.Reader{"at once": text, "in bytes": iotest.OneByteReader(text), "with its end": iotest.DataErrReader(text)} {
			text.Reset("one\n\nthree\nno end")
			got, err := io.ReadAll(&lastLines{io.NopCloser(from), asked})
			if err != nil || string(got) != want {
				t.Errorf("%d lines %s: %q, %v, want %q", asked, how, got, err, want)
			}
		}
	}
}
