package lifecycle

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// decision is what one turn found out: orders, and the phase they are given in.
type decision struct {
	starts          []startOrder
	stops           []stopOrder
	phase           corev1.PodPhase
	reason, message string
	// wake is when the pod wants to be looked at again; 0: when something changes.
	wake time.Duration
}

type startOrder struct {
	v       *view
	attempt int
}

type stopOrder struct {
	v     *view
	grace time.Duration
	why   string
}

// decide compares the pod with what the place has. It gives no orders itself.
func (m *Manager) decide(ctx context.Context, p *pod, t turn) decision {
	p.mu.Lock()
	defer p.mu.Unlock()
	inits, mains := m.views(p, t)
	d := decision{}
	if over, left := m.deadline(t.api); over {
		return m.finish(p, t, d, inits, mains, corev1.PodFailed, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
	} else if left > 0 {
		d.wake = left
	}
	started := false
	for _, v := range mains {
		started = started || v.last != nil
	}
	ready, failed := m.decideInits(ctx, p, t, &d, inits, started)
	if failed != nil {
		return m.finish(p, t, d, inits, mains, corev1.PodFailed, "", fmt.Sprintf("init container %s failed", failed.spec.Name))
	}
	if !ready {
		d.phase = corev1.PodPending
		return d
	}
	alive, succeeded := 0, true
	for _, v := range mains {
		if m.keep(ctx, p, t, &d, v) {
			alive++
		} else if v.last.ExitCode != 0 {
			succeeded = false
		}
	}
	switch {
	case alive > 0 && started:
		d.phase = corev1.PodRunning
		for _, v := range mains {
			// Before every container ran once, the pod is still pending.
			if v.last == nil || v.last.Waiting && v.last.Attempt == 0 {
				d.phase = corev1.PodPending
			}
		}
	case alive > 0:
		d.phase = corev1.PodPending
	case succeeded:
		return m.finish(p, t, d, inits, mains, corev1.PodSucceeded, "", "")
	default:
		return m.finish(p, t, d, inits, mains, corev1.PodFailed, "", "")
	}
	return d
}

// decideInits goes through the init containers in order: ready when the containers may run, failed when they never will.
func (m *Manager) decideInits(ctx context.Context, p *pod, t turn, d *decision, inits []*view, started bool) (ready bool, failed *view) {
	for _, v := range inits {
		switch {
		case v.sidecar:
			m.keep(ctx, p, t, d, v)
			if !started && !(v.running() && v.mem.probes.hasStarted()) {
				return false, nil
			}
		case started || v.hasEnded() && v.last.ExitCode == 0:
		default:
			if !m.keep(ctx, p, t, d, v) {
				return false, v
			}
			return false, nil
		}
	}
	return true, nil
}

// finish ends what still runs of a pod that is over; its phase is told when nothing does.
func (m *Manager) finish(p *pod, t turn, d decision, inits, mains []*view, phase corev1.PodPhase, reason, message string) decision {
	d = decision{phase: phase, reason: reason, message: message}
	for _, v := range append(append([]*view{}, inits...), mains...) {
		v.mem.waiting = nil
		if v.running() || v.pending {
			d.phase, d.reason, d.message = t.api.Status.Phase, "", ""
		}
	}
	d.stops = m.endOrders(p, inits, mains, graceOf(t.api), "the pod is over")
	return d
}

func (m *Manager) deadline(api *corev1.Pod) (over bool, left time.Duration) {
	if api.Spec.ActiveDeadlineSeconds == nil || api.Status.StartTime == nil {
		return false, 0
	}
	left = time.Duration(*api.Spec.ActiveDeadlineSeconds)*time.Second - m.clock.Since(api.Status.StartTime.Time)
	return left <= 0, left
}

func orGrace(seconds *int64, api *corev1.Pod) time.Duration {
	if seconds == nil {
		return graceOf(api)
	}
	return time.Duration(*seconds) * time.Second
}
