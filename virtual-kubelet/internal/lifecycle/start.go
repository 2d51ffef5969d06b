package lifecycle

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// carryOut prepares the pod and starts containers, until the pod is to end; it returns after what time to try again what did not work.
// Where there are two contexts, cut is the one for what takes its time at the place, and ends when the pod is to end; reads of the API
// go on, because other pods may wait for them too.
func (m *Manager) carryOut(ctx context.Context, p *pod, t turn, starts []startOrder) time.Duration {
	cut, done := m.cuttable(ctx, p)
	defer done()
	select {
	case m.starts <- struct{}{}:
		defer func() { <-m.starts }()
	case <-cut.Done():
		return atOnce
	}
	if ending(m.find(p)) {
		return atOnce
	}
	spec, err := m.prepare(ctx, cut, p, t, len(starts) > 0)
	switch {
	case err == nil:
	case cut.Err() != nil:
		return atOnce
	case len(starts) == 0:
		return refreshAgain
	default:
		return m.retry(p)
	}
	if len(starts) > 0 && t.state.IP == "" && needsIP(t.api) {
		// The address is known once the place has the pod.
		p.waitsForLook.Store(true)
		m.lookSoon()
		return retryInterval
	}
	return m.startEach(ctx, cut, p, t, spec, starts)
}

func (m *Manager) startEach(ctx, cut context.Context, p *pod, t turn, spec runtime.PodSpec, starts []startOrder) (wake time.Duration) {
	for _, o := range starts {
		if cut.Err() != nil || ending(m.find(p)) {
			return atOnce
		}
		if err := m.start(ctx, cut, p, t, spec, o); err != nil {
			wake = sooner(wake, m.retry(p))
		}
	}
	if wake == 0 {
		p.tries = 0
	}
	return wake
}

// start starts one attempt of a container.
func (m *Manager) start(ctx, cut context.Context, p *pod, t turn, pod runtime.PodSpec, o startOrder) error {
	env, err := m.resolver.Env(ctx, t.api, o.v.spec, t.state.IP)
	if err != nil {
		m.notStarted(p, t, o, runtime.NotStarted{Reason: reasonConfig, Message: err.Error()}, false)
		return err
	}
	spec := runtime.ContainerSpec{Container: expanded(o.v.spec, env), Init: o.v.init, Attempt: o.attempt, Env: env}
	if err := m.rt.StartContainer(cut, pod, spec); err != nil {
		return m.failed(cut, p, t, o, err)
	}
	m.home.Events.Eventf(t.api, corev1.EventTypeNormal, "Started", "Started container %s", o.v.spec.Name)
	p.mu.Lock()
	m.begin(p, o)
	o.v.mem.waiting, o.v.mem.failedStart = nil, time.Time{}
	p.mu.Unlock()
	if o.v.hasEnded() {
		m.backOff.Next(crashKey(p, o.v), o.v.mem.endedAt)
	}
	if o.attempt > 0 {
		m.mu.Lock()
		m.restarts++
		m.mu.Unlock()
	}
	m.postStart(p, t.api, o)
	return nil
}

// begin has what comes next wait for a look that shows the attempt. Call with p.mu held.
func (m *Manager) begin(p *pod, o startOrder) {
	p.waitsForLook.Store(true)
	o.v.mem.begun, o.v.mem.begunLook = o.attempt, m.lookSoon()
}

// failed judges why a container was not started; nil where its own back-off sees to the next try.
func (m *Manager) failed(cut context.Context, p *pod, t turn, o startOrder, err error) error {
	var not runtime.NotStarted
	switch {
	case cut.Err() != nil:
		// Nobody's failure; and it may run all the same, which only a look can tell.
		p.mu.Lock()
		m.begin(p, o)
		p.mu.Unlock()
		return err
	case errors.Is(err, runtime.ErrUnreachable):
		return err
	case !errors.As(err, &not):
		not = runtime.NotStarted{Reason: "CreateContainerError", Message: err.Error()}
	}
	m.notStarted(p, t, o, not, true)
	return nil
}

// notStarted keeps why a container does not run yet, and makes the next try wait where the place refused.
func (m *Manager) notStarted(p *pod, t turn, o startOrder, not runtime.NotStarted, backOff bool) {
	m.home.Events.Eventf(t.api, corev1.EventTypeWarning, "Failed", "Error: %s: %s", not.Reason, not.Message)
	p.mu.Lock()
	defer p.mu.Unlock()
	o.v.mem.waiting = &corev1.ContainerStateWaiting{Reason: not.Reason, Message: not.Message}
	if backOff {
		m.startFailed(p, o.v)
		m.clock.AfterFunc(m.backOff.Get(startKey(p, o.v)), func() { m.kick(p.uid) })
	}
}
