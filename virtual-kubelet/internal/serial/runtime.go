package serial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"k8s.io/utils/clock"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

var _ runtime.Runtime = (*device)(nil)

// device is the Runtime of what is at the other end of a line. A line has one device, and a device one node.
type device struct {
	config  *Config
	link    *link
	clock   clock.WithTicker
	changes chan struct{}
	// limits that the device told last; nil before it ever answered.
	limits atomic.Pointer[limits]

	// looking is held during a look; the last one is shared.
	looking *semaphore.Weighted
	last    *look
	// messages belong to who is looking. Each is asked for once and never changes; what a look that failed has read is kept, too.
	messages struct {
		boot  int64
		texts map[int64]string
	}
	times times
	// ending ends with the agent, closed when the line was given back.
	ending <-chan struct{}
	closed chan struct{}
}

// New returns at once. A configuration that cannot be used is an error; a line that is not there, or on which nobody answers, is every
// method's ErrUnreachable until somebody does. The line is held until ctx ends.
func New(ctx context.Context, configFile, nodeName string) (runtime.Runtime, error) {
	config, err := loadConfig(configFile)
	if err != nil {
		return nil, err
	}
	if nodeName == "" {
		return nil, errors.New("a node's name is needed")
	}
	d := &device{config: config, link: newLink(config), clock: clock.RealClock{}, changes: make(chan struct{}, 1), looking: semaphore.NewWeighted(1), ending: ctx.Done(), closed: make(chan struct{})}
	go d.watch(ctx)
	return d, nil
}

// Changes has a value when the device told something new, became reachable or got lost.
func (d *device) Changes() <-chan struct{} { return d.changes }

// watch asks the device again and again; where nothing has changed, that is one short line each way.
func (d *device) watch(ctx context.Context) {
	defer close(d.closed)
	ticker := d.clock.NewTicker(d.config.PollInterval.Duration)
	defer ticker.Stop()
	var before *look
	lost := false
	for ctx.Err() == nil {
		now, err := d.look(ctx)
		if now != before || lost != (err != nil) {
			select {
			case d.changes <- struct{}{}:
			default:
			}
		}
		before, lost = now, err != nil
		select {
		case <-ticker.C():
		case <-ctx.Done():
		}
	}
	// Nobody else may be in the middle of a request while the line is closed.
	if err := d.link.turn.Acquire(context.WithoutCancel(ctx), 1); err == nil {
		d.link.close()
		d.link.turn.Release(1)
	}
}

// ask sends a request of these words.
func (d *device) ask(ctx context.Context, words ...any) (protocol.Answer, error) {
	return d.askWithin(ctx, func(int) (string, error) { return strings.TrimSuffix(fmt.Sprintln(words...), "\n"), nil })
}

// askWithin has the request made for the longest line that both sides take.
func (d *device) askWithin(ctx context.Context, make func(line int) (string, error)) (protocol.Answer, error) {
	answer, limits, err := d.link.ask(ctx, func(*limits) (string, error) { return make(d.link.longest()) })
	if limits != nil {
		d.limits.Store(limits)
	}
	return answer, err
}

// sleep waits a poll's interval.
func (d *device) sleep(ctx context.Context) error {
	timer := time.NewTimer(d.config.PollInterval.Duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
