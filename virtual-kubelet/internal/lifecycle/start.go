package lifecycle

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// carryOut prepares the pod and starts containers; it returns after what time to try again what did not work.
func (m *Manager) carryOut(ctx context.Context, p *pod, t turn, starts []startOrder) time.Duration {
	select {
	case m.starts <- struct{}{}:
		defer func() { <-m.starts }()
	case <-ctx.Done():
		return 0
	}
	spec, err := m.prepare(ctx, p, t, len(starts) > 0)
	if err != nil {
		wait := m.retry(p)
		if len(starts) == 0 {
			wait = refreshAgain
		}
		return wait
	}
	if len(starts) > 0 && t.state.IP == "" && needsIP(t.api) {
		// The address is known once the place has the pod.
		p.waitsForLook.Store(true)
		m.lookSoon()
		return retryInterval
	}
	var wake time.Duration
	for _, o := range starts {
		if err := m.start(ctx, p, t, spec, o); err != nil {
			wake = sooner(wake, m.retry(p))
		}
	}
	if wake == 0 {
		p.tries = 0
	}
	return wake
}

// start starts one attempt of a container.
func (m *Manager) start(ctx context.Context, p *pod, t turn, pod runtime.PodSpec, o startOrder) error {
	env, err := m.resolver.Env(ctx, t.api, o.v.spec, t.state.IP)
	if err != nil {
		m.notStarted(p, t, o, runtime.NotStarted{Reason: reasonConfig, Message: err.Error()}, false)
		return err
	}
	spec := runtime.ContainerSpec{Container: expanded(o.v.spec, env), Init: o.v.init, Attempt: o.attempt, Env: env}
	if err := m.rt.StartContainer(ctx, pod, spec); err != nil {
		var not runtime.NotStarted
		switch {
		case errors.Is(err, runtime.ErrUnreachable), ctx.Err() != nil:
			return err
		case !errors.As(err, &not):
			not = runtime.NotStarted{Reason: "CreateContainerError", Message: err.Error()}
		}
		m.notStarted(p, t, o, not, true)
		return nil
	}
	m.home.Events.Eventf(t.api, corev1.EventTypeNormal, "Started", "Started container %s", o.v.spec.Name)
	p.mu.Lock()
	p.waitsForLook.Store(true)
	o.v.mem.begun, o.v.mem.begunLook = o.attempt, m.lookSoon()
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

// expanded is the container with $(NAME) replaced in its command and arguments.
func expanded(c *corev1.Container, env []runtime.EnvVar) *corev1.Container {
	values := make(map[string]string, len(env))
	for _, e := range env {
		values[e.Name] = e.Value
	}
	c = c.DeepCopy()
	for _, list := range [][]string{c.Command, c.Args} {
		for i := range list {
			list[i] = resolve.Expand(list[i], values)
		}
	}
	for i := range c.VolumeMounts {
		if mount := &c.VolumeMounts[i]; mount.SubPathExpr != "" {
			mount.SubPath, mount.SubPathExpr = resolve.Expand(mount.SubPathExpr, values), ""
		}
	}
	return c
}
