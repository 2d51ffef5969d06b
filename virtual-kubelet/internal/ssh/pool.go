package ssh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// sessionsPerConnection stays below a sshd's default of ten (MaxSessions).
	sessionsPerConnection = 8
	// streamConnections bounds what many followed logs may cost the device.
	streamConnections = 8
	idleConnection    = time.Minute
)

// pool holds the connections for what lasts as long as a user likes (logs, exec), apart from the one that the node lives by.
type pool struct {
	dial func(context.Context) (*connection, error)

	mutex  sync.Mutex
	shared []*shared
	closed bool
	// dialing is held by who makes a new connection, so that the others use that one.
	dialing sync.Mutex
}

type shared struct {
	*connection
	sessions, limit int
	idle            *time.Timer
}

// session opens one; release has to be called when it is over.
func (p *pool) session(ctx context.Context) (session *ssh.Session, release func(), err error) {
	for {
		s, err := p.reserve(ctx)
		if err != nil {
			return nil, nil, err
		}
		session, err := s.trySession(ctx)
		if err == nil {
			return session, sync.OnceFunc(func() { session.Close(); p.release(s) }), nil
		}
		p.release(s)
		var refused *ssh.OpenChannelError
		if !errors.As(err, &refused) || !p.lower(s) {
			return nil, nil, fmt.Errorf("%w: no session for a stream: %w", runtime.ErrUnreachable, err)
		}
	}
}

func (p *pool) reserve(ctx context.Context) (*shared, error) {
	if s := p.take(); s != nil {
		return s, nil
	}
	p.dialing.Lock()
	defer p.dialing.Unlock()
	if s := p.take(); s != nil {
		return s, nil
	}
	p.mutex.Lock()
	full := len(p.shared) >= streamConnections
	p.mutex.Unlock()
	if full {
		return nil, fmt.Errorf("there are %d streams from this device already (logs that are followed, exec); end some", streamConnections*sessionsPerConnection)
	}
	made, err := p.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", runtime.ErrUnreachable, err)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		made.Close()
		return nil, fmt.Errorf("%w: the agent ends", runtime.ErrUnreachable)
	}
	s := &shared{connection: made, sessions: 1, limit: sessionsPerConnection}
	p.shared = append(p.shared, s)
	return s, nil
}

// take finds room in a connection that is there.
func (p *pool) take() *shared {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var living []*shared
	var found *shared
	for _, s := range p.shared {
		select {
		case <-s.closed:
			continue
		default:
		}
		living = append(living, s)
		if found == nil && s.sessions < s.limit {
			found = s
		}
	}
	p.shared = living
	if found != nil {
		found.sessions++
		if found.idle != nil {
			found.idle.Stop()
		}
	}
	return found
}

func (p *pool) release(s *shared) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	s.sessions--
	if s.sessions == 0 {
		s.idle = time.AfterFunc(idleConnection, func() { p.drop(s) })
	}
}

func (p *pool) drop(s *shared) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if s.sessions == 0 {
		s.limit = 0
		s.Close()
	}
}

// lower learns how many sessions this device allows; false when it allows none.
func (p *pool) lower(s *shared) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	s.limit = s.sessions
	return s.limit > 0
}

func (p *pool) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
	for _, s := range p.shared {
		s.Close()
	}
}
