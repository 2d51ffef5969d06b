package ssh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// mark is the word that the scripts begin a stream with.
const mark = "pulumi-kubeadm-device:"

// stream is a command whose streams last. The device's first line says whether there is what it is about.
type stream struct {
	*ssh.Session
	stdin  io.WriteCloser
	stdout *bufio.Reader
	close  func()
}

// stream starts one. Before it starts, prepare may ask for a terminal and set the error stream.
func (d *device) stream(ctx context.Context, id runtime.ContainerID, prepare func(*ssh.Session) error, words func(*login) []string) (*stream, error) {
	bounded, cancel := context.WithTimeout(ctx, d.config.Timeouts.Call.Duration)
	defer cancel()
	// Asked first: it knows at once when the device is lost.
	found, err := d.link.get(bounded)
	if err != nil {
		return nil, err
	}
	session, release, err := d.streams.session(bounded)
	if err != nil {
		return nil, err
	}
	s := &stream{Session: session, close: release}
	// A device that hangs must not hold this up.
	stop := context.AfterFunc(bounded, func() { session.Close() })
	err = s.begin(found.command(words(found)...), prepare)
	if !stop() && err == nil {
		err = bounded.Err()
	}
	if err == nil {
		return s, nil
	}
	release()
	if err == runtime.ErrNotFound {
		return nil, fmt.Errorf("container %s of pod %s, attempt %d: %w", id.Name, id.Pod, id.Attempt, err)
	}
	return nil, fmt.Errorf("%w: %s: %w", runtime.ErrUnreachable, d.config.Host, err)
}

func (s *stream) begin(command string, prepare func(*ssh.Session) error) error {
	stdin, err := s.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := s.StdoutPipe()
	if err != nil {
		return err
	}
	if err := prepare(s.Session); err != nil {
		return err
	}
	if err := s.Start(command); err != nil {
		return err
	}
	s.stdin, s.stdout = stdin, bufio.NewReader(stdout)
	for {
		line, err := s.stdout.ReadString('\n')
		switch {
		case strings.TrimRight(line, "\r\n") == mark+" ok":
			return nil
		case strings.TrimRight(line, "\r\n") == mark+" gone":
			return runtime.ErrNotFound
		case err == nil:
			continue
		}
		end := s.Wait()
		if isNotInstalled(end) {
			return runtime.ErrNotFound
		}
		return fmt.Errorf("the command did not begin: %w", errors.Join(err, end))
	}
}
