package lifecycle

import (
	"context"
	"errors"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// preStop runs the container's preStop hook within the grace. What becomes of it does not keep the container from ending.
func (m *Manager) preStop(ctx context.Context, api *corev1.Pod, c *corev1.Container, id runtime.ContainerID, grace time.Duration) {
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || grace <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := m.hook(ctx, c.Lifecycle.PreStop, id); err != nil {
		m.home.Events.Eventf(api, corev1.EventTypeWarning, "FailedPreStopHook", "PreStopHook of container %s failed: %v", c.Name, err)
	}
}

// postStart runs the container's postStart hook beside it; the container ends if it fails.
func (m *Manager) postStart(p *pod, api *corev1.Pod, o startOrder) {
	c := o.v.spec
	if c.Lifecycle == nil || c.Lifecycle.PostStart == nil {
		return
	}
	m.spawn(func(ctx context.Context) {
		id := runtime.ContainerID{Pod: p.uid, Name: c.Name, Attempt: o.attempt}
		err := m.insist(ctx, p, c.Lifecycle.PostStart, id)
		if err == nil || ctx.Err() != nil {
			return
		}
		m.home.Events.Eventf(api, corev1.EventTypeWarning, "FailedPostStartHook", "PostStartHook of container %s failed: %v", c.Name, err)
		if err := m.rt.StopContainer(ctx, id, graceOf(api)); err != nil {
			m.log.Warn("a container whose postStart hook failed could not be stopped", "pod", api.Name, "container", c.Name, "error", err)
		}
		m.lookSoon()
	})
}

// insist runs a hook until the place says what became of it, or nobody wants it any more: a connection that was lost says nothing about
// the container.
func (m *Manager) insist(ctx context.Context, p *pod, h *corev1.LifecycleHandler, id runtime.ContainerID) error {
	for {
		err := m.hook(ctx, h, id)
		if !errors.Is(err, runtime.ErrUnreachable) {
			return err
		}
		select {
		case <-m.clock.After(retryInterval):
		case <-ctx.Done():
			return nil
		}
		if !m.mayRun(p, id) {
			return nil
		}
	}
}

// mayRun says whether an attempt is still wanted and no look showed its end.
func (m *Manager) mayRun(p *pod, id runtime.ContainerID) bool {
	t := m.turn(p)
	if ending(t.api) {
		return false
	}
	for _, s := range t.state.Containers {
		if s.Name == id.Name && (s.Attempt > id.Attempt || s.Attempt == id.Attempt && !s.Running) {
			return false
		}
	}
	return true
}

func (m *Manager) hook(ctx context.Context, h *corev1.LifecycleHandler, id runtime.ContainerID) error {
	switch {
	case h.Exec != nil:
		return m.rt.Exec(ctx, id, h.Exec.Command, runtime.Streams{Stdout: io.Discard, Stderr: io.Discard})
	case h.Sleep != nil:
		select {
		case <-m.clock.After(time.Duration(h.Sleep.Seconds) * time.Second):
		case <-ctx.Done():
		}
	}
	return nil
}
