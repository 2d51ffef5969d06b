package lifecycle

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// turn is one look at one pod: what the API wants and what the place has.
type turn struct {
	api   *corev1.Pod
	state runtime.PodState
	seen  bool
	// number of the look that state is from.
	number int
}

// sync does what is to be done next for a pod, and returns after what time it wants to be called again (0: when something changes).
func (m *Manager) sync(ctx context.Context, p *pod) time.Duration {
	if !m.home.HasSynced() {
		return syncInterval
	}
	p.waitsForLook.Store(false)
	t := m.turn(p)
	wake := m.step(ctx, p, t)
	if p.waitsForLook.Load() && m.turn(p).number > t.number {
		// The look that is waited for came while the step was made.
		return atOnce
	}
	return wake
}

// turn takes the pod from the last look and from the cache of the API.
func (m *Manager) turn(p *pod) turn {
	m.mu.Lock()
	t := turn{number: m.look.number}
	t.state, t.seen = m.look.pods[p.uid]
	m.mu.Unlock()
	t.api = m.find(p)
	return t
}

func (m *Manager) step(ctx context.Context, p *pod, t turn) time.Duration {
	switch {
	case t.number == 0 || m.Reachable() != nil:
		// Nothing is known, so nothing is changed; the next look that succeeds wakes every pod.
		if t.api != nil && len(t.api.Status.ContainerStatuses) == 0 && t.api.DeletionTimestamp == nil && !terminal(t.api) {
			m.publish(p, t, decision{phase: corev1.PodPending})
		}
		return 0
	case t.api == nil:
		return m.sweep(ctx, p, t)
	case t.api.DeletionTimestamp != nil:
		return m.end(ctx, p, t)
	case terminal(t.api):
		return m.release(ctx, p, t)
	}
	return m.advance(ctx, p, t)
}

// release gives back what a pod holds that has ended for good.
func (m *Manager) release(ctx context.Context, p *pod, t turn) time.Duration {
	releaser, holds := m.rt.(runtime.Releaser)
	if m.stopAll(ctx, p, t, graceOf(t.api)) || !holds || p.released {
		return 0
	}
	if err := releaser.ReleasePod(ctx, p.uid); err != nil {
		m.log.Warn("what a pod holds that has ended could not be released", "namespace", t.api.Namespace, "pod", t.api.Name, "error", err)
		return retryInterval
	}
	p.released = true
	return 0
}

// find gets the pod from the cache of the API, if it is still that one and not another of the same name.
func (m *Manager) find(p *pod) *corev1.Pod {
	p.mu.Lock()
	namespace, name := p.namespace, p.name
	p.mu.Unlock()
	if name == "" {
		return nil
	}
	api, err := m.home.Pods.Pods(namespace).Get(name)
	if err != nil || api.UID != p.uid {
		return nil
	}
	return api
}

// advance starts and stops what a living pod needs, and tells its status.
func (m *Manager) advance(ctx context.Context, p *pod, t turn) time.Duration {
	if !t.seen && m.refuse(p, t) {
		return 0
	}
	if m.predecessor(p, t.api) {
		p.waitsForLook.Store(true)
		m.publish(p, t, decision{phase: corev1.PodPending})
		return retryInterval
	}
	m.lastWords(ctx, p, t)
	d := m.decide(ctx, p, t)
	for _, o := range d.stops {
		m.stop(ctx, p, t, o)
	}
	wake := d.wake
	if len(d.starts) > 0 && len(t.api.Status.ContainerStatuses) == 0 {
		// Starting may take its time (an image): the pod says meanwhile that it is at it.
		m.publish(p, t, d)
	}
	if stale := m.stale(p, t); len(d.starts) > 0 || stale {
		wake = sooner(wake, m.carryOut(ctx, p, t, d.starts))
	}
	m.publish(p, t, d)
	if d.phase == corev1.PodRunning && hasFiles(t.api) {
		wake = sooner(wake, refreshInterval)
	}
	return wake
}

// ending says that a pod is to run no more.
func ending(api *corev1.Pod) bool { return api == nil || api.DeletionTimestamp != nil }

func terminal(api *corev1.Pod) bool {
	return api.Status.Phase == corev1.PodSucceeded || api.Status.Phase == corev1.PodFailed
}

func graceOf(api *corev1.Pod) time.Duration {
	seconds := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if api.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *api.Spec.TerminationGracePeriodSeconds
	}
	if api.DeletionGracePeriodSeconds != nil {
		seconds = *api.DeletionGracePeriodSeconds
	}
	return time.Duration(seconds) * time.Second
}

// sooner is the earlier of two waits, where 0 means never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
