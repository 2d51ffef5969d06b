package node

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ReasonUnreachable is the Ready condition's reason when the agent lives and its device does not answer.
const ReasonUnreachable = "DeviceUnreachable"

// conditions of the node, over those that it had: nil stands for a place that answers.
func conditions(was []corev1.NodeCondition, unreachable error) []corev1.NodeCondition {
	ready := corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "the agent runs and the place of its pods answers",
	}
	if unreachable != nil {
		ready.Status, ready.Reason, ready.Message = corev1.ConditionFalse, ReasonUnreachable, unreachable.Error()
	}
	out := []corev1.NodeCondition{ready}
	for _, c := range []struct {
		kind            corev1.NodeConditionType
		reason, message string
	}{
		{corev1.NodeMemoryPressure, "KubeletHasSufficientMemory", "memory of the place is not watched by the agent"},
		{corev1.NodeDiskPressure, "KubeletHasNoDiskPressure", "disks of the place are not watched by the agent"},
		{corev1.NodePIDPressure, "KubeletHasSufficientPID", "processes of the place are not watched by the agent"},
		{corev1.NodeNetworkUnavailable, "RouteCreated", "pods of this node are not on the cluster's network"},
	} {
		out = append(out, corev1.NodeCondition{Type: c.kind, Status: corev1.ConditionFalse, Reason: c.reason, Message: c.message})
	}
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	for i := range out {
		out[i].LastHeartbeatTime, out[i].LastTransitionTime = now, now
		for _, old := range was {
			if old.Type == out[i].Type && old.Status == out[i].Status && !old.LastTransitionTime.IsZero() {
				out[i].LastTransitionTime = old.LastTransitionTime
			}
		}
	}
	return out
}
