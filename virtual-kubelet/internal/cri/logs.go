package cri

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// followInterval is how often a log that is followed is looked at when nothing was written.
const followInterval = 300 * time.Millisecond

// Logs reads the files that the runtime writes and this agent rotates; the runtime itself is not needed for it.
func (m *machine) Logs(ctx context.Context, id runtime.ContainerID, options runtime.LogOptions) (io.ReadCloser, error) {
	if _, err := os.Stat(m.attemptDirectory(id)); err != nil {
		return nil, fmt.Errorf("%w: container %s has no log of attempt %d", runtime.ErrNotFound, id.Name, id.Attempt)
	}
	files, err := openLog(m.logPath(id))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	reader, writer := io.Pipe()
	go func() {
		defer cancel()
		log := &logCopy{to: writer, options: options, left: options.LimitBytes}
		err := m.copyLog(ctx, log, id, files)
		if errors.Is(err, errEnough) {
			err = nil
		}
		writer.CloseWithError(err)
	}()
	return logReader{reader, cancel}, nil
}

// logReader ends the copy when it is closed: a quiet log would not notice.
type logReader struct {
	*io.PipeReader
	end context.CancelFunc
}

func (l logReader) Close() error {
	l.end()
	return l.PipeReader.Close()
}

// copyLog copies the files from where the options begin, and goes on with what is written as long as the container runs.
func (m *machine) copyLog(ctx context.Context, log *logCopy, id runtime.ContainerID, files []*os.File) error {
	first, err := seekTail(files, log.options.Tail)
	if err != nil {
		closeAll(files)
		return err
	}
	closeAll(files[:first])
	files = files[first:]
	for i, file := range files {
		if i == len(files)-1 && log.options.Follow {
			break
		}
		err := log.file(ctx, file)
		file.Close()
		if err != nil {
			closeAll(files[i+1:])
			return err
		}
	}
	if !log.options.Follow {
		return log.rest()
	}
	var last *os.File
	if len(files) > 0 {
		last = files[len(files)-1]
	}
	return m.follow(ctx, log, id, last)
}

// follow goes from file to file until the container has ended and all of its log was read.
func (m *machine) follow(ctx context.Context, log *logCopy, id runtime.ContainerID, file *os.File) error {
	defer func() { file.Close() }()
	ended := false
	for {
		if err := log.file(ctx, file); err != nil {
			return err
		}
		next, err := successor(m.logPath(id), file)
		if err != nil {
			return err
		}
		if next != nil {
			// Nothing is written to a file any more that has a successor; what came before that is read now.
			if err := log.file(ctx, file); err != nil {
				next.Close()
				return err
			}
			file.Close()
			file = next
			continue
		}
		if ended {
			return log.rest()
		}
		if ended = m.hasEnded(ctx, id); ended {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followInterval):
		}
	}
}

// hasEnded is false also when the runtime does not answer: what runs goes on without it.
func (m *machine) hasEnded(ctx context.Context, id runtime.ContainerID) bool {
	rt, err := m.runtime(ctx)
	if err != nil {
		return false
	}
	c, err := m.find(ctx, rt, id)
	return err == nil && (c == nil || c.GetState() == runtimeapi.ContainerState_CONTAINER_EXITED)
}

// file copies what there is of a file from where the last call ended; a line that has no end yet waits for it.
func (l *logCopy) file(ctx context.Context, file *os.File) error {
	if file == nil {
		return nil
	}
	if l.reader == nil || l.from != file {
		l.reader, l.from = bufio.NewReaderSize(file, 64<<10), file
	}
	for ctx.Err() == nil {
		part, err := l.reader.ReadBytes('\n')
		l.pending = append(l.pending, part...)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = l.line(l.pending)
		l.pending = l.pending[:0]
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
