package ssh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// sizeWait is how long a terminal waits for the size of the caller's, which comes beside the command and not with it.
const sizeWait = 250 * time.Millisecond

// Exec runs a command beside the container. When ctx ends before it, it is ended on the device.
func (d *device) Exec(ctx context.Context, id runtime.ContainerID, command []string, streams runtime.Streams) error {
	if len(command) == 0 {
		return errors.New("exec: a command is needed")
	}
	token := rand.Text()
	prepare := func(session *ssh.Session) error {
		if streams.Stderr != nil {
			session.Stderr = streams.Stderr
		}
		if !streams.TTY {
			return nil
		}
		size := runtime.TermSize{Width: 80, Height: 24}
		select {
		case first, ok := <-streams.Resize:
			if ok {
				size = first
			}
		case <-time.After(sizeWait):
		}
		return session.RequestPty("xterm", int(size.Height), int(size.Width), ssh.TerminalModes{})
	}
	s, err := d.stream(ctx, id, prepare, func(l *login) []string { return append([]string{"beside", l.attempt(id), token}, command...) })
	if err != nil {
		return err
	}
	defer s.close()
	ended := make(chan error, 1)
	go func() { ended <- s.carry(streams) }()
	select {
	case err := <-ended:
		return exitError(err)
	case <-ctx.Done():
		d.endCommand(context.WithoutCancel(ctx), id, token)
		return ctx.Err()
	}
}

// carry moves bytes both ways until the command has ended.
func (s *stream) carry(streams runtime.Streams) error {
	over := make(chan struct{})
	defer close(over)
	go func() {
		if streams.Stdin != nil {
			// An error shows as the command's end.
			_, _ = io.Copy(s.stdin, streams.Stdin)
		}
		s.stdin.Close()
	}()
	go func() {
		for {
			select {
			case size, ok := <-streams.Resize:
				if !ok || s.WindowChange(int(size.Height), int(size.Width)) != nil {
					return
				}
			case <-over:
				return
			}
		}
	}()
	output := streams.Stdout
	if output == nil {
		output = io.Discard
	}
	_, copied := io.Copy(output, s.stdout)
	if copied != nil {
		return copied
	}
	return s.Wait()
}

// endCommand is an attempt: where the device is lost, the command ends with its container at the latest.
func (d *device) endCommand(ctx context.Context, id runtime.ContainerID, token string) {
	if found, err := d.link.get(ctx); err == nil {
		_, _ = d.call(ctx, nil, "end_command", found.attempt(id), token)
	}
}

func exitError(err error) error {
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return runtime.ExitError{Code: exit.ExitStatus()}
	}
	return fmt.Errorf("%w: the command's connection ended: %w", runtime.ErrUnreachable, err)
}
