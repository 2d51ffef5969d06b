package lifecycle

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// end takes a deleted pod from the place and, when the place confirmed that, from the API.
func (m *Manager) end(ctx context.Context, p *pod, t turn) time.Duration {
	if p.finished {
		// Somebody's finalizer keeps the object, or the cache has not heard yet.
		return retryInterval
	}
	if m.stopAll(ctx, p, t, graceOf(t.api)) {
		p.last = nil
		m.publishEnding(p, t)
		return 0
	}
	if p.last == nil {
		p.last = m.lastStatus(p, t)
	}
	if !m.endsTold(p, t) {
		return m.retry(p)
	}
	if err := m.rt.RemovePod(ctx, p.uid); err != nil {
		m.log.Warn("a pod could not be removed from its place", "namespace", t.api.Namespace, "pod", t.api.Name, "error", err)
		return retryInterval
	}
	p.removedLook = m.lookSoon()
	final := t.api.DeepCopy()
	final.Status = *p.last
	if err := m.home.Finish(ctx, final); err != nil {
		m.log.Warn("a pod that has ended could not be deleted from the API", "namespace", t.api.Namespace, "pod", t.api.Name, "error", err)
		return retryInterval
	}
	// What is remembered goes with a later turn, which finds neither the object nor anything at the place.
	p.finished = true
	return retryInterval
}

// publishEnding tells what became of the containers so far; the pod keeps its phase until it is gone.
func (m *Manager) publishEnding(p *pod, t turn) {
	m.publish(p, t, decision{phase: t.api.Status.Phase, reason: t.api.Status.Reason, message: t.api.Status.Message})
}

// endsTold says whether the API knows how the containers ended, and tells it. Only the place knows it beside this memory, so the API has
// to before the place forgets it: whoever ends the pod after this agent was killed could but say that it failed.
func (m *Manager) endsTold(p *pod, t turn) bool {
	// The library writes no status over one that is final.
	if terminal(t.api) || knowsEnds(t.api, p.last) {
		return true
	}
	m.publishEnding(p, t)
	api := m.find(p)
	return api != nil && knowsEnds(api, p.last)
}

func knowsEnds(api *corev1.Pod, last *corev1.PodStatus) bool {
	for _, list := range [][]corev1.ContainerStatus{last.InitContainerStatuses, last.ContainerStatuses} {
		for i := range list {
			s, told := &list[i], statusOf(api, list[i].Name)
			if s.State.Terminated != nil && (told == nil || told.State.Terminated == nil || told.RestartCount != s.RestartCount) {
				return false
			}
		}
	}
	return true
}
