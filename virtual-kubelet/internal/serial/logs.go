package serial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

var errEnough = errors.New("as much as was asked for")

// Logs reads the attempt's log by offset. What the device dropped before it could be read is told by a line in its place.
func (d *device) Logs(ctx context.Context, id runtime.ContainerID, options runtime.LogOptions) (io.ReadCloser, error) {
	since := int64(0)
	if !options.Since.IsZero() {
		since = d.times.second(options.Since)
	}
	answer, err := d.ask(ctx, "seek", id.Pod, id.Name, id.Attempt, max(options.Tail, -1), since)
	if err != nil {
		return nil, err
	}
	from, err := answer.Number("from")
	if err != nil {
		return nil, err
	}
	if options.Tail < 0 && options.Since.IsZero() {
		// All is wanted, also what is not there any more.
		from = 0
	}
	ctx, cancel := context.WithCancel(ctx)
	reader, writer := io.Pipe()
	log := &logReader{device: d, id: id, options: options, to: writer, offset: from, left: options.LimitBytes}
	go func() {
		err := log.copy(ctx)
		if errors.Is(err, errEnough) {
			err = nil
		}
		writer.CloseWithError(err)
	}()
	return logStream{reader, cancel}, nil
}

type logStream struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (s logStream) Close() error {
	s.cancel()
	return s.PipeReader.Close()
}

type logReader struct {
	device  *device
	id      runtime.ContainerID
	options runtime.LogOptions
	to      io.Writer
	offset  int64
	// rest is the beginning of a record; continues is set within a line of several records.
	rest      []byte
	continues bool
	left      int
}

func (l *logReader) copy(ctx context.Context) error {
	goal := int64(-1)
	for {
		answer, err := l.device.askWithin(ctx, func(line int) (string, error) {
			return fmt.Sprintf("log %s %s %d %d %d", l.id.Pod, l.id.Name, l.id.Attempt, l.offset, line), nil
		})
		if errors.Is(err, runtime.ErrNotFound) && goal >= 0 {
			// The pod was taken away while its log was read.
			return nil
		}
		if err != nil {
			return err
		}
		end, err := answer.Number("end")
		if err != nil {
			return err
		}
		if goal < 0 {
			goal = end
		}
		if err := l.take(answer); err != nil {
			return err
		}
		switch over := answer.Fields["state"] != "running"; {
		case l.offset < end && (l.options.Follow || l.offset < goal):
		case !l.options.Follow || over:
			return nil
		default:
			if err := l.device.sleep(ctx); err != nil {
				return err
			}
		}
	}
}

// take writes what an answer brought.
func (l *logReader) take(answer protocol.Answer) error {
	from, err := answer.Number("from")
	if err != nil {
		return err
	}
	content, err := answer.Bytes("data")
	if err != nil {
		return err
	}
	switch {
	case from > l.offset:
		if err := l.dropped(from - l.offset + int64(len(l.rest))); err != nil {
			return err
		}
	case from < l.offset:
		// The device was started anew and its log begins again.
		l.rest, l.continues = nil, false
	}
	l.offset = from + int64(len(content))
	l.rest = append(l.rest, content...)
	for {
		record, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return nil
		}
		l.rest = rest
		if err := l.record(record); err != nil {
			return err
		}
	}
}

func (l *logReader) dropped(bytes int64) error {
	text := fmt.Sprintf("[the device dropped %d bytes of the log here]\n", bytes)
	if l.continues {
		text = "\n" + text
	}
	l.rest, l.continues = nil, false
	return l.write(text)
}

// record is "SECOND TEXT", or "SECOND+TEXT" where the line goes on.
func (l *logReader) record(record []byte) error {
	digits := bytes.IndexAny(record, " +")
	second, err := strconv.ParseInt(string(record[:max(digits, 0)]), 10, 64)
	if err != nil {
		return fmt.Errorf("%s: log: %.40q is no record", l.device.config.Device, record)
	}
	at, text := l.device.times.time(second), string(record[digits+1:])
	if at.Before(l.options.Since.Truncate(time.Second)) {
		return nil
	}
	if l.options.Timestamps && !l.continues {
		text = at.UTC().Format(time.RFC3339) + " " + text
	}
	if l.continues = record[digits] == '+'; !l.continues {
		text += "\n"
	}
	return l.write(text)
}

func (l *logReader) write(text string) error {
	if l.options.LimitBytes > 0 && len(text) >= l.left {
		_, err := io.WriteString(l.to, text[:l.left])
		return errors.Join(err, errEnough)
	}
	l.left -= len(text)
	_, err := io.WriteString(l.to, text)
	return err
}
