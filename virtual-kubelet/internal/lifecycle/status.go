package lifecycle

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// publish tells the library the pod's status, if the API has another one.
func (m *Manager) publish(p *pod, t turn, d decision) {
	p.mu.Lock()
	status := m.statusOf(p, t, d)
	p.status = status
	p.mu.Unlock()
	if equality.Semantic.DeepEqual(*status, t.api.Status) {
		return
	}
	pod := t.api.DeepCopy()
	pod.Status = *status
	m.mu.Lock()
	tell := m.notify
	m.mu.Unlock()
	if tell != nil {
		tell(pod)
	}
}

// lastStatus is what a deleted pod's object says before it goes: nothing runs any more.
func (m *Manager) lastStatus(p *pod, t turn) *corev1.PodStatus {
	phase := t.api.Status.Phase
	p.mu.Lock()
	defer p.mu.Unlock()
	if !terminal(t.api) {
		inits, mains := m.views(p, t)
		phase = corev1.PodSucceeded
		for _, v := range append(inits, mains...) {
			if !v.sidecar && (v.last == nil || v.last.ExitCode != 0) {
				phase = corev1.PodFailed
			}
		}
	}
	return m.statusOf(p, t, decision{phase: phase, reason: t.api.Status.Reason, message: t.api.Status.Message})
}

// statusOf computes a status over the one that the API has. Call with p.mu held.
func (m *Manager) statusOf(p *pod, t turn, d decision) *corev1.PodStatus {
	s := t.api.Status.DeepCopy()
	inits, mains := m.views(p, t)
	s.Phase, s.Reason, s.Message = d.phase, d.reason, d.message
	if s.Phase == "" {
		s.Phase = corev1.PodPending
	}
	if s.StartTime == nil {
		now := metav1.NewTime(m.clock.Now().Truncate(time.Second))
		s.StartTime = &now
	}
	if t.api.Generation > 0 {
		s.ObservedGeneration = t.api.Generation
	}
	if m.home.NodeAddress != "" {
		s.HostIP, s.HostIPs = m.home.NodeAddress, []corev1.HostIP{{IP: m.home.NodeAddress}}
	}
	if t.state.IP != "" {
		s.PodIP, s.PodIPs = t.state.IP, []corev1.PodIP{{IP: t.state.IP}}
	}
	s.InitContainerStatuses = m.containerStatuses(p, t, d, inits)
	s.ContainerStatuses = m.containerStatuses(p, t, d, mains)
	s.EphemeralContainerStatuses = ephemeral(t.api)
	m.conditions(s, t, inits, mains)
	return s
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
