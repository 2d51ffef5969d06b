package ssh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Logs reads the attempt's files on the device from where the options begin; a line there is "SECOND TEXT".
func (d *device) Logs(ctx context.Context, id runtime.ContainerID, options runtime.LogOptions) (io.ReadCloser, error) {
	tail, since, follow := max(options.Tail, -1), int64(0), "no"
	if !options.Since.IsZero() {
		since = max(options.Since.Unix(), 0)
	}
	if options.Follow {
		follow = "yes"
	}
	s, err := d.stream(ctx, id, func(*ssh.Session) error { return nil }, func(l *login) []string {
		return []string{"logs", l.attempt(id), strconv.Itoa(tail), strconv.FormatInt(since, 10), follow}
	})
	if err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	stop := context.AfterFunc(ctx, s.close)
	go func() {
		err := copyLog(writer, s.stdout, options)
		if err == nil {
			if err = s.Wait(); err != nil {
				err = fmt.Errorf("%w: %s: the log's connection ended: %w", runtime.ErrUnreachable, d.config.Host, err)
			}
		}
		if errors.Is(err, errEnough) {
			err = nil
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		writer.CloseWithError(err)
		stop()
		s.close()
	}()
	return logReader{reader, s.close}, nil
}

// logReader ends the session when it is closed: a quiet log would not notice.
type logReader struct {
	*io.PipeReader
	end func()
}

func (l logReader) Close() error {
	l.end()
	return l.PipeReader.Close()
}

var errEnough = errors.New("as much as was asked for")

// copyLog turns the device's lines into those of `kubectl logs`.
func copyLog(to io.Writer, from *bufio.Reader, options runtime.LogOptions) error {
	left := options.LimitBytes
	for {
		line, err := from.ReadString('\n')
		if line != "" {
			second, text, _ := strings.Cut(line, " ")
			epoch, bad := strconv.ParseInt(second, 10, 64)
			switch {
			case bad != nil:
				text = line
			case !options.Since.IsZero() && epoch < options.Since.Unix():
				text = ""
			case options.Timestamps:
				text = time.Unix(epoch, 0).UTC().Format(time.RFC3339) + " " + text
			}
			if options.LimitBytes > 0 && len(text) >= left {
				_, err := io.WriteString(to, text[:left])
				return errors.Join(err, errEnough)
			}
			left -= len(text)
			if _, err := io.WriteString(to, text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
