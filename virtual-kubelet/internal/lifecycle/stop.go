package lifecycle

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// stopMargin is what the place gets beyond the grace to confirm an end.
const stopMargin = time.Minute

// endOrders ends what runs, containers first, then sidecars from the last to the first. Call with p.mu held.
func (m *Manager) endOrders(p *pod, inits, mains []*view, grace time.Duration, why string) []stopOrder {
	if p.endBegan.IsZero() {
		p.endBegan = m.clock.Now()
	}
	var orders []stopOrder
	for _, v := range append(append([]*view{}, mains...), inits...) {
		if v.running() && !v.sidecar {
			orders = append(orders, stopOrder{v, grace, why})
		}
	}
	if len(orders) > 0 {
		return orders
	}
	left := max(0, grace-m.clock.Since(p.endBegan))
	for i := len(inits) - 1; i >= 0; i-- {
		if inits[i].running() && inits[i].sidecar {
			return []stopOrder{{inits[i], left, why}}
		}
	}
	return nil
}

// stopAll ends everything of a pod; it is true while something runs or may run.
func (m *Manager) stopAll(ctx context.Context, p *pod, t turn, grace time.Duration) bool {
	p.mu.Lock()
	inits, mains := m.views(p, t)
	busy := false
	for _, v := range append(append([]*view{}, inits...), mains...) {
		v.mem.waiting = nil
		v.mem.probes.stop()
		busy = busy || v.running() || v.pending
	}
	orders := m.endOrders(p, inits, mains, grace, "the pod ends")
	p.mu.Unlock()
	for _, o := range orders {
		m.stop(ctx, p, t, o)
	}
	return busy
}

// stop gives the order to end a container, once; again when the grace got shorter or the place did not take it.
func (m *Manager) stop(ctx context.Context, p *pod, t turn, o stopOrder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, attempt := o.v.spec.Name, o.v.last.Attempt
	if s := p.stops[name]; s != nil && s.attempt == attempt {
		switch {
		case s.done && s.look > t.number, s.running && o.grace >= s.grace:
			return
		case !s.failed.IsZero() && m.clock.Since(s.failed) < retryInterval:
			return
		case s.running:
			s.cancel()
		}
	} else {
		m.home.Events.Eventf(t.api, corev1.EventTypeNormal, "Killing", "Stopping container %s: %s", name, o.why)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stop{attempt: attempt, grace: o.grace, running: true, cancel: cancel}
	p.stops[name] = s
	o.v.mem.probes.stop()
	m.spawn(func(context.Context) {
		defer cancel()
		m.carryOutStop(ctx, p, s, o, t.api)
	})
}

func (m *Manager) carryOutStop(ctx context.Context, p *pod, s *stop, o stopOrder, api *corev1.Pod) {
	ctx, cancel := context.WithTimeout(ctx, o.grace+stopMargin)
	defer cancel()
	begun := m.clock.Now()
	id := runtime.ContainerID{Pod: p.uid, Name: o.v.spec.Name, Attempt: s.attempt}
	m.preStop(ctx, api, o.v.spec, id, o.grace)
	err := m.rt.StopContainer(ctx, id, max(0, o.grace-m.clock.Since(begun)))
	p.mu.Lock()
	defer p.mu.Unlock()
	s.running = false
	if err == nil {
		p.waitsForLook.Store(true)
		s.done, s.look = true, m.lookSoon()
		return
	}
	s.failed = m.clock.Now()
	if p.stops[o.v.spec.Name] == s {
		m.log.Warn("a container could not be stopped", "namespace", api.Namespace, "pod", api.Name, "container", o.v.spec.Name, "error", err)
		m.clock.AfterFunc(retryInterval, func() { m.kick(p.uid) })
	}
}
