package lifecycle

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
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
func (m *Manager) lastStatus(p *pod, t turn) corev1.PodStatus {
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
	return *m.statusOf(p, t, decision{phase: phase, reason: t.api.Status.Reason, message: t.api.Status.Message})
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

func (m *Manager) containerStatuses(p *pod, t turn, d decision, views []*view) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for _, v := range views {
		s := corev1.ContainerStatus{Name: v.spec.Name, Image: v.spec.Image}
		was := statusOf(t.api, v.spec.Name)
		switch {
		case v.last == nil:
			s.State.Waiting = m.waiting(p, v)
		case v.last.Waiting:
			s.RestartCount = int32(v.last.Attempt)
			s.State.Waiting = m.waiting(p, v)
		case v.running():
			s.State.Running = &corev1.ContainerStateRunning{StartedAt: moment(v.last.StartedAt)}
		case v.mem.waiting != nil:
			s.State.Waiting, s.LastTerminationState.Terminated = v.mem.waiting, m.terminated(p, v, v.last)
		default:
			s.State.Terminated = m.terminated(p, v, v.last)
		}
		if v.last != nil && !v.last.Waiting {
			s.RestartCount, s.ImageID, s.ContainerID = int32(v.last.Attempt), v.last.ImageID, m.containerID(p, v)
		}
		if s.LastTerminationState.Terminated == nil && v.previous != nil && !v.previous.Running && !v.previous.Waiting {
			s.LastTerminationState.Terminated = m.terminated(p, v, v.previous)
		}
		if was != nil && s.LastTerminationState.Terminated == nil && was.RestartCount == s.RestartCount {
			// The place may have dropped what came before; the API remembers.
			s.LastTerminationState = was.LastTerminationState
		}
		started := v.running() && (v.mem.probes.hasStarted() || v.spec.StartupProbe == nil)
		s.Started = &started
		s.Ready = v.running() && v.mem.probes.isReady()
		if v.init && !v.sidecar {
			s.Ready = v.hasEnded() && v.last.ExitCode == 0
		}
		out = append(out, s)
	}
	return out
}

// waiting says why a container is not there: what is the matter with it, with the pod, or that it is its turn soon.
func (m *Manager) waiting(p *pod, v *view) *corev1.ContainerStateWaiting {
	switch {
	case v.mem.waiting != nil:
		return v.mem.waiting
	case p.problem != nil:
		return p.problem
	case m.Reachable() != nil:
		return &corev1.ContainerStateWaiting{Reason: "ContainerCreating", Message: m.Reachable().Error()}
	case v.init:
		return &corev1.ContainerStateWaiting{Reason: "PodInitializing"}
	}
	return &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
}

func (m *Manager) terminated(p *pod, v *view, s *runtime.ContainerState) *corev1.ContainerStateTerminated {
	reason := s.Reason
	if reason == "" {
		reason = "Completed"
		if s.ExitCode != 0 {
			reason = "Error"
		}
	}
	message := s.Message
	if message == "" && v.mem.heard == s.Attempt {
		message = v.mem.lastWords
	}
	return &corev1.ContainerStateTerminated{
		ExitCode: int32(s.ExitCode), Signal: int32(s.Signal), Reason: reason, Message: message,
		StartedAt: moment(s.StartedAt), FinishedAt: moment(s.FinishedAt), ContainerID: m.idOf(p, v, s.Attempt),
	}
}

// containerID names the newest attempt, for people and for finding it again: "ssh://UID/NAME/ATTEMPT".
func (m *Manager) containerID(p *pod, v *view) string { return m.idOf(p, v, v.last.Attempt) }

func (m *Manager) idOf(p *pod, v *view, attempt int) string {
	return fmt.Sprintf("%s://%s/%s/%d", m.provider, p.uid, v.spec.Name, attempt)
}

// ephemeral containers come in by an update that nobody can refuse any more; they say that they will not run.
func ephemeral(api *corev1.Pod) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for _, c := range api.Spec.EphemeralContainers {
		out = append(out, corev1.ContainerStatus{Name: c.Name, Image: c.Image, State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: reasonConfig, Message: "ephemeral containers do not run on virtual nodes"},
		}})
	}
	return out
}

// moment is a time as the API keeps it, to the second.
func moment(t time.Time) metav1.Time {
	if t.IsZero() {
		return metav1.Time{}
	}
	return metav1.NewTime(t.Truncate(time.Second))
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
