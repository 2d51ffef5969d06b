package ssh

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

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
	line, err := s.stdout.ReadString('\n')
	switch strings.TrimRight(line, "\r\n") {
	case "ok":
		return nil
	case "gone":
		return runtime.ErrNotFound
	}
	if isNotInstalled(s.Wait()) {
		return runtime.ErrNotFound
	}
	return fmt.Errorf("unexpected answer %q: %w", line, err)
}
