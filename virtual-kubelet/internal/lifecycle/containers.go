package lifecycle

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

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
