package serial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

const silentHint = "is the device on, and are baud, dataBits, parity and stopBits its own?"

// link asks the device, one request at a time: so a line may be half duplex, and everybody gets a turn.
type link struct {
	config *Config
	turn   *semaphore.Weighted
	// silent is why the last request got no answer so far, nil once one did.
	silent atomic.Pointer[error]
	// answered is when the last answer came, nil before the first.
	answered atomic.Pointer[time.Time]

	// What follows belongs to who has the turn.
	port   *os.File
	reader *protocol.Reader
	// seq begins anywhere: what a former agent asked for may still be answered.
	seq    uint32
	limits *limits
}

func newLink(config *Config) *link {
	return &link{config: config, turn: semaphore.NewWeighted(1), seq: rand.Uint32()}
}

// ask sends a request, after a hello where that is due, and returns the answer. make gets what the device can take.
func (l *link) ask(ctx context.Context, make func(*limits) (string, error)) (protocol.Answer, *limits, error) {
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return protocol.Answer{}, nil, l.noTurn(err)
	}
	defer l.turn.Release(1)
	if err := l.ready(ctx); err != nil {
		return protocol.Answer{}, nil, err
	}
	limits := l.limits
	body, err := make(limits)
	if err != nil {
		return protocol.Answer{}, limits, err
	}
	answer, err := l.exchange(ctx, body)
	if err != nil {
		return answer, limits, err
	}
	// A device that was started anew may be another one.
	if boot, ok := answer.Fields["boot"]; ok && boot != fmt.Sprint(limits.boot) {
		l.limits = nil
	}
	return answer, limits, refused(answer)
}

// gone is the error of a line that nobody answers on.
func (l *link) gone(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", l.config.Device, err)
	}
	return fmt.Errorf("%w: %s: %w", runtime.ErrUnreachable, l.config.Device, err)
}

// noTurn is the error of who waited for others on the line: they know better what it is like.
func (l *link) noTurn(err error) error {
	silent := l.silent.Load()
	switch {
	case !errors.Is(err, context.DeadlineExceeded):
		return l.gone(err)
	case silent != nil:
		return l.gone(*silent)
	}
	return l.gone(fmt.Errorf("an earlier request has no answer yet; %s", silentHint))
}

// silence is the error of a device that does not answer, kept for those who wait for their turn meanwhile.
func (l *link) silence(limit time.Duration, asked int) error {
	err := fmt.Errorf("no answer within %s, asked %d times (timeout, retries); %s", limit, asked, silentHint)
	l.silent.Store(&err)
	return l.gone(err)
}

// longest is the length of lines both ways.
func (l *link) longest() int {
	if l.limits == nil {
		return protocol.MinLine
	}
	return min(l.config.MaxLine, l.limits.line)
}

// exchange sends one request, again while it is not answered, and waits for its answer.
func (l *link) exchange(ctx context.Context, body string) (protocol.Answer, error) {
	l.seq++
	request := protocol.Frame{Seq: l.seq, Body: body}.Line()
	limit := l.config.Timeout.Duration + l.config.Takes(len(request)+l.longest())
	for try := 0; ; try++ {
		answer, err := l.once(ctx, request, limit)
		over := errors.Is(ctx.Err(), context.DeadlineExceeded)
		switch {
		case err == nil:
			l.silent.Store(nil)
			now := time.Now()
			l.answered.Store(&now)
			return answer, nil
		case ctx.Err() != nil && !over:
			return answer, l.gone(ctx.Err())
		case !over && !errors.Is(err, os.ErrDeadlineExceeded):
			// The line itself failed: it was pulled out, perhaps, and is opened again with the next request.
			l.close()
			return answer, l.gone(err)
		}
		silence := l.silence(limit, try+1)
		if over {
			return answer, silence
		}
		if try >= *l.config.Retries {
			// Who answers next may have been started anew, or be another one.
			l.limits = nil
			return answer, silence
		}
	}
}

func (l *link) once(ctx context.Context, request string, limit time.Duration) (protocol.Answer, error) {
	if err := l.port.SetDeadline(time.Now().Add(limit)); err != nil {
		return protocol.Answer{}, err
	}
	// Who gives up meanwhile need not wait for the deadline.
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = l.port.SetDeadline(time.Now())
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	if _, err := l.port.WriteString(request); err != nil {
		return protocol.Answer{}, err
	}
	for {
		frame, err := l.reader.Next()
		if err != nil {
			return protocol.Answer{}, err
		}
		if frame.Answer && frame.Seq == l.seq {
			return protocol.ParseAnswer(frame.Body)
		}
	}
}

func (l *link) close() {
	if l.port != nil {
		l.port.Close()
	}
	l.port, l.limits = nil, nil
}
