package ssh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const longestPause = 15 * time.Second

// link keeps one connection to the device and makes it anew when it is lost.
type link struct {
	dial func(context.Context) (*connection, error)
	// greet looks at the device behind a new connection and says what it found.
	greet func(context.Context, *connection) (*login, error)
	// changed is called when the device was lost or is back.
	changed func()

	mutex sync.Mutex
	login *login
	err   error
	// turn is sent when login or err become others.
	turn signal
}

// login is what is known of the device behind one connection.
type login struct {
	*connection
	// root is the directory of this node on it, script where its script belongs.
	root, script string
	// missing lists needed programs that it does not have.
	missing string
}

func (l *link) run(ctx context.Context) {
	pause := time.Second
	for ctx.Err() == nil {
		found, err := l.connect(ctx)
		l.set(found, err)
		if err == nil {
			pause = time.Second
			l.changed()
			select {
			case <-found.closed:
			case <-ctx.Done():
				found.Close()
				<-found.closed
			}
			l.set(nil, found.lost())
			l.changed()
			continue
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
	}
	l.set(nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, context.Canceled))
}

// lost is what is to be said until the next attempt, which begins at once. Who asks waits for that one where the device itself ended
// the connection; after a silence there has been waiting enough.
func (c *connection) lost() error {
	if errors.Is(c.cause, errSilent) {
		return fmt.Errorf("%w: %w", runtime.ErrUnreachable, c.cause)
	}
	return nil
}

func (l *link) connect(ctx context.Context) (*login, error) {
	connected, err := l.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, err)
	}
	found, err := l.greet(ctx, connected)
	if err != nil {
		connected.Close()
		return nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, err)
	}
	return found, nil
}

func (l *link) set(found *login, err error) {
	l.mutex.Lock()
	l.login, l.err = found, err
	l.mutex.Unlock()
	l.turn.send()
}

// get returns the device, or why it cannot be reached. It waits only for an attempt that goes on.
func (l *link) get(ctx context.Context) (*login, error) {
	for {
		turn := l.turn.next()
		l.mutex.Lock()
		found, err := l.login, l.err
		l.mutex.Unlock()
		if found != nil || err != nil {
			return found, err
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, ctx.Err())
		}
	}
}
