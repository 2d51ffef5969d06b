package cluster

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// readyConditions are true only of what runs.
var readyConditions = []corev1.PodConditionType{corev1.PodReadyToStartContainers, corev1.ContainersReady, corev1.PodReady}

// toldConditions are those of a pod that its place tells; others (that it is scheduled, a readiness gate) are of its own cluster.
var toldConditions = append([]corev1.PodConditionType{corev1.PodInitialized, corev1.DisruptionTarget}, readyConditions...)

// statusOf is a pod's status by what it is there.
func statusOf(pod, there *corev1.Pod, address string) corev1.PodStatus {
	s := *base(pod, address)
	from := there.Status
	s.Phase, s.Reason, s.Message = from.Phase, from.Reason, from.Message
	if s.Phase == "" {
		s.Phase = corev1.PodPending
	}
	if there.DeletionTimestamp != nil && terminal(there) && pod.DeletionTimestamp == nil && pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
		// Somebody deleted it there, so it is made again: this is no end.
		s.Phase, s.Reason, s.Message = pod.Status.Phase, "", ""
	}
	if from.StartTime != nil {
		s.StartTime = from.StartTime
	}
	// Also when it has none yet: that of a former one may be another pod's by now.
	s.PodIP, s.PodIPs = from.PodIP, from.PodIPs
	s.InitContainerStatuses = containersOf(from.InitContainerStatuses)
	s.ContainerStatuses = containersOf(from.ContainerStatuses)
	if len(s.ContainerStatuses) == 0 && s.Phase == corev1.PodPending {
		why := corev1.ContainerStateWaiting{Reason: reasonPending, Message: unscheduled(there)}
		s.InitContainerStatuses, s.ContainerStatuses = allWaiting(pod.Spec.InitContainers, why), allWaiting(pod.Spec.Containers, why)
	}
	setConditions(&s, pod, from.Conditions)
	return s
}

// base is what of a status is not the place's to tell.
func base(pod *corev1.Pod, address string) *corev1.PodStatus {
	s := pod.Status.DeepCopy()
	if pod.Generation > 0 {
		s.ObservedGeneration = pod.Generation
	}
	if address != "" {
		s.HostIP, s.HostIPs = address, []corev1.HostIP{{IP: address}}
	}
	s.EphemeralContainerStatuses = nil
	for _, c := range pod.Spec.EphemeralContainers {
		s.EphemeralContainerStatuses = append(s.EphemeralContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
				Reason: reasonConfig, Message: "ephemeral containers do not run on virtual nodes",
			}},
		})
	}
	return s
}

// waiting is the status of a pod that is not there yet, or not any more.
func waiting(pod *corev1.Pod, reason, message string) corev1.PodStatus {
	s := *base(pod, "")
	s.Phase = corev1.PodPending
	notThere(&s)
	if begun(pod) {
		// It was about the one that ran. At any other time somebody here may have said so, about to delete the pod.
		s.Conditions = slices.DeleteFunc(s.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.DisruptionTarget })
	}
	why := corev1.ContainerStateWaiting{Reason: reason, Message: message}
	s.InitContainerStatuses, s.ContainerStatuses = allWaiting(pod.Spec.InitContainers, why), allWaiting(pod.Spec.Containers, why)
	return s
}

// lost is the status of a pod that ran there, was deleted there, and is not to run again.
func lost(pod *corev1.Pod) corev1.PodStatus {
	s := *base(pod, "")
	s.Phase, s.Reason, s.Message = corev1.PodFailed, "Lost", "the pod was deleted in the other cluster"
	notThere(&s)
	ended(&s)
	return s
}

// notThere takes back what was told of a pod that ran: traffic would go to an address that is nobody's, or another pod's.
func notThere(s *corev1.PodStatus) {
	s.PodIP, s.PodIPs = "", nil
	deny(s, readyConditions)
}

// lastStatus is what a deleted pod's object says before it goes: nothing runs any more.
func lastStatus(pod, there *corev1.Pod, address string) corev1.PodStatus {
	s := *base(pod, address)
	if there != nil {
		s = statusOf(pod, there, address)
	}
	ended(&s)
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		s.Phase = pod.Status.Phase
		return s
	}
	s.Phase = corev1.PodSucceeded
	for _, c := range s.ContainerStatuses {
		if c.State.Terminated == nil || c.State.Terminated.ExitCode != 0 {
			s.Phase = corev1.PodFailed
		}
	}
	return s
}

// ended makes containers of which no end was told ended ones.
func ended(s *corev1.PodStatus) {
	deny(s, readyConditions)
	for _, list := range [][]corev1.ContainerStatus{s.InitContainerStatuses, s.ContainerStatuses} {
		for i := range list {
			if running := list[i].State.Running; running != nil {
				list[i].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					ExitCode: 137, Reason: "ContainerStatusUnknown", Message: "the other cluster told no end of it",
					StartedAt: running.StartedAt, FinishedAt: metav1.NewTime(time.Now().Truncate(time.Second)), ContainerID: list[i].ContainerID,
				}}
			}
			list[i].Ready, list[i].Started = false, nil
		}
	}
}
