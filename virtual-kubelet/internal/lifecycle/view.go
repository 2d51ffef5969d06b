package lifecycle

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const reasonUnknown = "ContainerStatusUnknown"

// view is one container of a pod: what is wanted and what is known.
type view struct {
	spec          *corev1.Container
	init, sidecar bool
	mem           *container
	// last is the newest attempt there is, previous the one before; nil: none.
	last, previous *runtime.ContainerState
	// pending says that an order was given whose effect was not seen yet.
	pending bool
}

func (v *view) running() bool { return v.last != nil && v.last.Running }

func (v *view) hasEnded() bool { return v.last != nil && !v.last.Running && !v.last.Waiting }

// views are the pod's init containers and its containers, in order. Call with p.mu held.
func (m *Manager) views(p *pod, t turn) (inits, mains []*view) {
	for i := range t.api.Spec.InitContainers {
		c := &t.api.Spec.InitContainers[i]
		sidecar := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		inits = append(inits, m.view(p, t, c, true, sidecar))
	}
	for i := range t.api.Spec.Containers {
		mains = append(mains, m.view(p, t, &t.api.Spec.Containers[i], false, false))
	}
	return inits, mains
}

func (m *Manager) view(p *pod, t turn, spec *corev1.Container, init, sidecar bool) *view {
	v := &view{spec: spec, init: init, sidecar: sidecar, mem: p.container(spec.Name)}
	for i := range t.state.Containers {
		s := &t.state.Containers[i]
		if s.Name != spec.Name {
			continue
		}
		if v.last == nil || s.Attempt > v.last.Attempt {
			v.previous, v.last = v.last, s
		} else if v.previous == nil || s.Attempt > v.previous.Attempt {
			v.previous = s
		}
	}
	if v.mem.begunLook > t.number {
		v.pending = true
	} else {
		m.recall(v, t.api)
	}
	if s := p.stops[spec.Name]; s != nil && s.done && s.look > t.number {
		v.pending = true
	}
	if v.pending {
		p.waitsForLook.Store(true)
	}
	if v.hasEnded() && v.mem.ended != v.last.Attempt {
		v.mem.ended, v.mem.endedAt = v.last.Attempt, m.clock.Now()
	}
	return v
}

// recall takes what the API was told about a container that the place knows nothing of any more (a device whose memory was lost),
// so that nothing runs twice that may run once, and restarts go on being counted.
func (m *Manager) recall(v *view, api *corev1.Pod) {
	s := statusOf(api, v.spec.Name)
	if s == nil || s.ContainerID == "" || v.last != nil && v.last.Attempt >= int(s.RestartCount) {
		return
	}
	lost := &runtime.ContainerState{
		Name: v.spec.Name, Init: v.init, Attempt: int(s.RestartCount), ImageID: s.ImageID,
		ExitCode: 137, Reason: reasonUnknown, Message: "the place does not know the container any more",
	}
	ended := s.State.Terminated
	if ended == nil && s.State.Waiting != nil {
		ended = s.LastTerminationState.Terminated
	}
	switch {
	case ended != nil:
		lost.ExitCode, lost.Signal, lost.Reason, lost.Message = int(ended.ExitCode), int(ended.Signal), ended.Reason, ended.Message
		lost.StartedAt, lost.FinishedAt = ended.StartedAt.Time, ended.FinishedAt.Time
	case s.State.Running != nil:
		lost.StartedAt = s.State.Running.StartedAt.Time
	}
	v.previous, v.last = v.last, lost
}

func statusOf(api *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, list := range [][]corev1.ContainerStatus{api.Status.ContainerStatuses, api.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// restarts says whether a container that ended is to run again.
func restarts(pod *corev1.Pod, v *view) bool {
	if v.sidecar {
		return true
	}
	for _, rule := range v.spec.RestartPolicyRules {
		if rule.Action == corev1.ContainerRestartRuleActionRestart && matches(rule.ExitCodes, int32(v.last.ExitCode)) {
			return true
		}
	}
	policy := pod.Spec.RestartPolicy
	if v.spec.RestartPolicy != nil {
		policy = corev1.RestartPolicy(*v.spec.RestartPolicy)
	}
	switch {
	case policy == corev1.RestartPolicyNever:
		return false
	case policy == corev1.RestartPolicyOnFailure || v.init:
		return v.last.ExitCode != 0
	}
	return true
}

func matches(codes *corev1.ContainerRestartRuleOnExitCodes, code int32) bool {
	if codes == nil {
		return false
	}
	in := slices.Contains(codes.Values, code)
	return in == (codes.Operator == corev1.ContainerRestartRuleOnExitCodesOpIn)
}

func crashKey(p *pod, v *view) string { return fmt.Sprintf("%s/%s", p.uid, v.spec.Name) }
func startKey(p *pod, v *view) string { return fmt.Sprintf("%s/%s/start", p.uid, v.spec.Name) }
