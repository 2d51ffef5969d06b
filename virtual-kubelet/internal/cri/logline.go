package cri

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// errEnough says that as much was written as was asked for.
var errEnough = errors.New("as much as was asked for")

// logCopy turns lines in CRI format into those of `kubectl logs`.
type logCopy struct {
	to      io.Writer
	options runtime.LogOptions
	// left of LimitBytes.
	left int

	from    *os.File
	reader  *bufio.Reader
	pending []byte
	// within is the stream of whose line a part was written and not its end.
	within string
}

// entry is a line of a log in CRI format: "TIME STREAM TAG TEXT".
type entry struct {
	when   string
	stream string
	// partial says that the line goes on in the next entry of the same stream.
	partial bool
	text    []byte
}

func parseEntry(line []byte) (entry, bool) {
	parts := bytes.SplitN(line, []byte(" "), 4)
	if len(parts) < 4 {
		return entry{}, false
	}
	tag, _, _ := bytes.Cut(parts[2], []byte(":"))
	e := entry{when: string(parts[0]), stream: string(parts[1]), partial: string(tag) == "P", text: parts[3]}
	if e.partial {
		e.text = bytes.TrimSuffix(e.text, []byte("\n"))
	}
	return e, true
}

// line writes one entry. What is none, such as the half line of a machine that lost its power, is left out.
func (l *logCopy) line(line []byte) error {
	e, ok := parseEntry(line)
	if !ok {
		return nil
	}
	when, err := time.Parse(time.RFC3339Nano, e.when)
	if err != nil || when.Before(l.options.Since) {
		return nil
	}
	text := e.text
	if l.options.Timestamps && l.within != e.stream {
		text = append([]byte(e.when+" "), text...)
	}
	l.within = ""
	if e.partial {
		l.within = e.stream
	}
	if l.options.LimitBytes > 0 && len(text) >= l.left {
		_, err := l.to.Write(text[:l.left])
		return errors.Join(err, errEnough)
	}
	l.left -= len(text)
	_, err = l.to.Write(text)
	return err
}

// rest writes a last entry that has no end.
func (l *logCopy) rest() error {
	if len(l.pending) == 0 {
		return nil
	}
	return l.line(l.pending)
}

// seekTail puts the files to where the last lines begin and returns the first of them that is to be read; tail is negative for all.
func seekTail(files []*os.File, tail int) (int, error) {
	if tail < 0 || len(files) == 0 {
		return 0, nil
	}
	for i := len(files) - 1; i >= 0; i-- {
		starts, end, err := lineStarts(files[i])
		if err != nil {
			return 0, err
		}
		offset := int64(0)
		switch {
		case tail == 0:
			offset = end
		case len(starts) >= tail:
			offset = starts[len(starts)-tail]
		}
		if _, err := files[i].Seek(offset, io.SeekStart); err != nil {
			return 0, err
		}
		if len(starts) >= tail {
			return i, nil
		}
		tail -= len(starts)
	}
	return 0, nil
}

// lineStarts are the offsets at which lines begin, parts of a line not counted, and where the last whole entry ends.
func lineStarts(file *os.File) (starts []int64, end int64, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	reader, begins := bufio.NewReaderSize(file, 64<<10), true
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return starts, end, nil
		}
		if err != nil {
			return nil, 0, err
		}
		e, ok := parseEntry(line)
		if begins && ok {
			starts = append(starts, end)
		}
		if ok {
			begins = !e.partial
		}
		end += int64(len(line))
	}
}
