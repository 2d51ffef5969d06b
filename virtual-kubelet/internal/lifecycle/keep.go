package lifecycle

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// keep gives the orders that have a container run that should; it is false when the container has ended for good.
func (m *Manager) keep(ctx context.Context, p *pod, t turn, d *decision, v *view) bool {
	other := v.last != nil && v.last.Image != "" && v.last.Image != v.spec.Image
	switch {
	case v.pending:
		v.mem.waiting = nil
	case v.running():
		v.mem.waiting = nil
		m.watch(ctx, p, t, v)
		if why, grace := v.mem.probes.verdict(); why != "" {
			d.stops = append(d.stops, stopOrder{v, orGrace(grace, t.api), why})
		} else if other {
			d.stops = append(d.stops, stopOrder{v, graceOf(t.api), "its image was changed"})
		}
	case v.last == nil:
		m.whenStartable(p, d, v, 0)
	case v.last.Waiting:
		if v.mem.failedStart.IsZero() {
			m.startFailed(p, v)
		}
		v.mem.waiting = &corev1.ContainerStateWaiting{Reason: v.last.Reason, Message: v.last.Message}
		m.whenStartable(p, d, v, v.last.Attempt)
	case restarts(t.api, v) || other:
		m.whenCooled(p, t, d, v)
	default:
		v.mem.waiting = nil
		return false
	}
	return true
}

// whenCooled orders the next attempt when the back-off after the last one is over.
func (m *Manager) whenCooled(p *pod, t turn, d *decision, v *view) {
	key := crashKey(p, v)
	if m.backOff.IsInBackOffSince(key, v.mem.endedAt) {
		wait := m.backOff.Get(key)
		v.mem.waiting = &corev1.ContainerStateWaiting{
			Reason:  "CrashLoopBackOff",
			Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", wait, v.spec.Name, t.api.Name, t.api.Namespace, p.uid),
		}
		d.wake = sooner(d.wake, wait-m.clock.Since(v.mem.endedAt))
		return
	}
	m.whenStartable(p, d, v, v.last.Attempt+1)
}

// whenStartable orders an attempt, unless starting it failed a short while ago.
func (m *Manager) whenStartable(p *pod, d *decision, v *view, attempt int) {
	key := startKey(p, v)
	if !v.mem.failedStart.IsZero() && m.backOff.IsInBackOffSince(key, v.mem.failedStart) {
		d.wake = sooner(d.wake, m.backOff.Get(key)-m.clock.Since(v.mem.failedStart))
		return
	}
	d.starts = append(d.starts, startOrder{v, attempt})
}

// startFailed makes the next try wait. Call with p.mu held.
func (m *Manager) startFailed(p *pod, v *view) {
	v.mem.failedStart = m.clock.Now()
	m.backOff.Next(startKey(p, v), v.mem.failedStart)
}
