package lifecycle

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// sweep ends what the place has of a pod that the API has no more. The cache may be behind (an API server that was restored, another
// one that lags), so the API itself is asked before anything is ended.
func (m *Manager) sweep(ctx context.Context, p *pod, t turn) time.Duration {
	if !t.seen {
		if m.unseen(p, t) {
			return 0
		}
		m.forget(p)
		return 0
	}
	if p.removedLook > t.number {
		p.waitsForLook.Store(true)
		return 0
	}
	if known, err := m.home.Has(ctx, runtime.PodName{Namespace: t.state.Namespace, Name: t.state.Name, UID: p.uid}); known || err != nil {
		return retryInterval
	}
	m.log.Info("ending a pod that the API does not have", "namespace", t.state.Namespace, "pod", t.state.Name, "uid", p.uid)
	if err := m.rt.RemovePod(ctx, p.uid); err != nil {
		m.log.Warn("a pod without an object could not be ended", "pod", t.state.Name, "uid", p.uid, "error", err)
		return retryInterval
	}
	p.waitsForLook.Store(true)
	p.removedLook = m.lookSoon()
	return 0
}

// unseen says whether something was ordered that no look has shown yet.
func (m *Manager) unseen(p *pod, t turn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.containers {
		if c.begunLook > t.number {
			p.waitsForLook.Store(true)
			return true
		}
	}
	return false
}

// predecessor says whether the place still has another pod of the same name; the two must not run side by side.
func (m *Manager) predecessor(p *pod, api *corev1.Pod) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for uid, s := range m.look.pods {
		if uid != p.uid && s.Namespace == api.Namespace && s.Name == api.Name {
			return true
		}
	}
	return false
}
