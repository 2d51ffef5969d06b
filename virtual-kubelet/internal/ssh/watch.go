package ssh

import (
	"bufio"
	"context"
	"errors"
	"time"

	"golang.org/x/crypto/ssh"
)

// watch keeps one session on the device that prints a line for every change. Without it, asking again tells the same later.
func (d *device) watch(ctx context.Context) {
	for ctx.Err() == nil {
		turn, installed := d.link.turn.next(), d.installed.next()
		pause := time.Minute
		if found, err := d.link.get(ctx); err == nil {
			if err = d.watchOnce(ctx, found); err != nil && !isNotInstalled(err) {
				pause = 5 * time.Second
			}
		}
		select {
		case <-turn:
		case <-installed:
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (d *device) watchOnce(ctx context.Context, l *login) error {
	bounded, cancel := context.WithTimeout(ctx, d.config.Timeouts.Call.Duration)
	session, err := l.session(bounded)
	cancel()
	if err != nil {
		return err
	}
	defer session.Close()
	stop := context.AfterFunc(ctx, func() { session.Close() })
	defer stop()
	// Held open: its end is how the device learns that nobody watches any more.
	input, err := session.StdinPipe()
	if err != nil {
		return err
	}
	defer input.Close()
	output, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	if err := session.Start(l.command("watch")); err != nil {
		return err
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		d.changed()
	}
	return session.Wait()
}

// isNotInstalled says that this agent's script is not there (yet): the next look at the device puts it there where there is something.
func isNotInstalled(err error) bool {
	var exit *ssh.ExitError
	return errors.As(err, &exit) && (exit.ExitStatus() == notInstalled || exit.ExitStatus() == otherScript)
}
