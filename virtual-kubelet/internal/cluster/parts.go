package cluster

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// containersOf leaves out what only newer or older releases know, and nobody asks a virtual node for.
func containersOf(from []corev1.ContainerStatus) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for _, c := range from {
		out = append(out, corev1.ContainerStatus{
			Name: c.Name, State: c.State, LastTerminationState: c.LastTerminationState, Ready: c.Ready, RestartCount: c.RestartCount,
			Image: c.Image, ImageID: c.ImageID, ContainerID: c.ContainerID, Started: c.Started,
		})
	}
	return out
}

func allWaiting(containers []corev1.Container, why corev1.ContainerStateWaiting) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for _, c := range containers {
		out = append(out, corev1.ContainerStatus{Name: c.Name, Image: c.Image, State: corev1.ContainerState{Waiting: &why}})
	}
	return out
}

// unscheduled says why the pod has no machine there.
func unscheduled(there *corev1.Pod) string {
	for _, c := range there.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "in the other cluster: " + c.Message
		}
	}
	return ""
}

// setConditions takes over what the place tells of a pod. What it does not tell (yet) was true of a former pod there at most.
func setConditions(s *corev1.PodStatus, pod *corev1.Pod, conditions []corev1.PodCondition) {
	untold := slices.DeleteFunc(slices.Clone(toldConditions), func(kind corev1.PodConditionType) bool {
		// A disruption may be one of the pod's own cluster.
		return kind == corev1.DisruptionTarget
	})
	for _, c := range conditions {
		if slices.Contains(toldConditions, c.Type) {
			setCondition(s, pod, c)
			untold = slices.DeleteFunc(untold, func(kind corev1.PodConditionType) bool { return kind == c.Type })
		}
	}
	deny(s, untold)
}

// deny makes conditions false that were told, and leaves those alone that are.
func deny(s *corev1.PodStatus, kinds []corev1.PodConditionType) {
	for i := range s.Conditions {
		if c := &s.Conditions[i]; c.Status != corev1.ConditionFalse && slices.Contains(kinds, c.Type) {
			*c = corev1.PodCondition{
				Type: c.Type, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(time.Now().Truncate(time.Second)), ObservedGeneration: s.ObservedGeneration,
			}
		}
	}
}

// setCondition takes a condition over; a pod whose gates are closed is not ready, whatever its containers are.
func setCondition(s *corev1.PodStatus, pod *corev1.Pod, c corev1.PodCondition) {
	if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
		for _, gate := range pod.Spec.ReadinessGates {
			if !isTrue(pod, gate.ConditionType) {
				c.Status, c.Reason, c.Message = corev1.ConditionFalse, "ReadinessGatesNotReady", "condition not true: "+string(gate.ConditionType)
			}
		}
	}
	c.LastProbeTime, c.ObservedGeneration = metav1.Time{}, s.ObservedGeneration
	for i := range s.Conditions {
		if old := &s.Conditions[i]; old.Type == c.Type {
			if old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
			*old = c
			return
		}
	}
	s.Conditions = append(s.Conditions, c)
}

func isTrue(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// begun says whether containers of the pod ran, by what was told of it.
func begun(pod *corev1.Pod) bool {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for _, c := range list {
			if c.ContainerID != "" || c.State.Running != nil || c.State.Terminated != nil || c.RestartCount > 0 {
				return true
			}
		}
	}
	return false
}
