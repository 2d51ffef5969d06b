package lifecycle

import (
	"bytes"
	"io"
)

// lastLines ends a log after so many lines. Places look for where the last ones begin and read from there, so what a container writes
// in between would come on top of them.
type lastLines struct {
	io.ReadCloser
	left int
}

func (l *lastLines) Read(buffer []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n, err := l.ReadCloser.Read(buffer)
	for end := 0; ; {
		next := bytes.IndexByte(buffer[end:n], '\n')
		if next < 0 {
			return n, err
		}
		end += next + 1
		if l.left--; l.left == 0 {
			return end, nil
		}
	}
}
