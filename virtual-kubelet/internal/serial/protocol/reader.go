package protocol

import (
	"bufio"
	"io"
)

// Reader finds the frames in what a line brings. What is not one is dropped: noise costs the frame it hits and no other.
type Reader struct {
	from *bufio.Reader
	max  int
	line []byte
	// lost is set while the beginning of a line is missing or the line is too long.
	lost bool
	// Dropped counts lines that were no frames.
	Dropped uint64
}

// NewReader takes lines of up to max bytes.
func NewReader(from io.Reader, max int) *Reader {
	return &Reader{from: bufio.NewReaderSize(from, 4096), max: max, lost: true}
}

// Next waits for a frame. After an error of the line, such as a deadline, it may be called again and goes on where it was.
func (r *Reader) Next() (Frame, error) {
	for {
		c, err := r.from.ReadByte()
		if err != nil {
			return Frame{}, err
		}
		switch {
		case c == requestMark || c == answerMark:
			// Marks stand at a frame's beginning only: whatever came before was cut off.
			r.drop()
			r.line, r.lost = append(r.line, c), false
		case c == '\n':
			frame, ok := Parse(r.line)
			if ok && !r.lost {
				r.line, r.lost = r.line[:0], true
				return frame, nil
			}
			r.drop()
		case c == '\r':
			// Some drivers add it.
		case r.lost || len(r.line)+1 >= r.max:
			r.lost = true
		default:
			r.line = append(r.line, c)
		}
	}
}

func (r *Reader) drop() {
	if len(r.line) > 0 {
		r.Dropped++
	}
	r.line, r.lost = r.line[:0], true
}
