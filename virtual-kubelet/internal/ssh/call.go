package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

var (
	// errNotInstalled says that the device has no script of any agent of this node, and so no pod either.
	errNotInstalled = errors.New("nothing of this node is on the device")
	// errOtherScript says that it has one, of an agent with other settings or of another release, and perhaps its pods.
	errOtherScript = errors.New("the device has another agent's script")
)

// The exit codes that say so.
const (
	notInstalled = 97
	otherScript  = 98
)

// quote makes one word of a shell command of any text.
func quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// command is a call of the script, for whatever login shell there is.
func (l *login) command(words ...string) string {
	text := `[ -f "$0" ] || { [ -d "${0%/*}" ] && exit 98; exit 97; }; exec sh "$0" "$@"`
	return "exec sh -c " + quote(append([]string{text, l.script}, words...)...)
}

// call runs a command of the script on the device and returns its output. What another agent left there goes on under this one's.
func (d *device) call(ctx context.Context, input []byte, words ...string) ([]byte, error) {
	return d.callOrInstall(ctx, input, words, errOtherScript)
}

// callOrInstall sends the script, and calls again, where it is missing in one of these ways.
func (d *device) callOrInstall(ctx context.Context, input []byte, words []string, missing ...error) ([]byte, error) {
	output, err := d.callOnce(ctx, input, words)
	if !slices.ContainsFunc(missing, func(way error) bool { return errors.Is(err, way) }) {
		return output, err
	}
	if err := d.install(ctx); err != nil {
		return nil, err
	}
	return d.callOnce(ctx, input, words)
}

func (d *device) callOnce(ctx context.Context, input []byte, words []string) ([]byte, error) {
	return d.do(ctx, words[0], func(ctx context.Context, l *login) ([]byte, error) { return l.run(ctx, l.command(words...), input) })
}

// do gives a step its turn, its deadline and the device.
func (d *device) do(ctx context.Context, step string, run func(context.Context, *login) ([]byte, error)) ([]byte, error) {
	limit := d.config.Timeouts.Call.Duration
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := d.calls.Acquire(bounded, 1); err != nil {
		return nil, d.tooLate(ctx, step, limit)
	}
	defer d.calls.Release(1)
	found, err := d.link.get(bounded)
	if err != nil {
		return nil, err
	}
	output, err := run(bounded, found)
	switch {
	case bounded.Err() != nil && err != nil:
		return nil, d.tooLate(ctx, step, limit)
	case errors.Is(err, errNotInstalled), err == nil:
		return output, err
	}
	return nil, fmt.Errorf("%s: %s: %w", d.config.Host, step, err)
}

func (d *device) tooLate(ctx context.Context, step string, limit time.Duration) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %s: %w", d.config.Host, step, ctx.Err())
	}
	return fmt.Errorf("%w: %s: %s: no end after %s (timeouts.call)", runtime.ErrUnreachable, d.config.Host, step, limit)
}

// run runs one command in a session of its own. Whatever is not the command's own exit code means that the device was lost.
func (l *login) run(ctx context.Context, command string, input []byte) ([]byte, error) {
	session, err := l.session(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	var output, errs bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = bytes.NewReader(input), &output, &errs
	ended := make(chan error, 1)
	go func() { ended <- session.Run(command) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return output.Bytes(), nil
	case !errors.As(err, &exit):
		return nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, err)
	case exit.ExitStatus() == notInstalled:
		return nil, errNotInstalled
	case exit.ExitStatus() == otherScript:
		return nil, errOtherScript
	}
	return nil, fmt.Errorf("exit code %d: %s", exit.ExitStatus(), strings.TrimSpace(errs.String()))
}

// session opens one; a sshd that allows fewer at a time than are wanted is asked again.
func (c *connection) session(ctx context.Context) (*ssh.Session, error) {
	for {
		session, err := c.trySession(ctx)
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return session, nil
		case !errors.As(err, &refused):
			return nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: the device opens no session (MaxSessions of its sshd): %w", runtime.ErrUnreachable, err)
		}
	}
}

func (c *connection) trySession(ctx context.Context) (*ssh.Session, error) {
	type answer struct {
		session *ssh.Session
		err     error
	}
	opened := make(chan answer, 1)
	go func() {
		session, err := c.NewSession()
		opened <- answer{session, err}
	}()
	select {
	case a := <-opened:
		return a.session, a.err
	case <-ctx.Done():
		// What comes too late is not left open.
		go func() {
			if a := <-opened; a.err == nil {
				a.session.Close()
			}
		}()
		return nil, ctx.Err()
	}
}
