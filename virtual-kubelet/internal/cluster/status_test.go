package cluster

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var longAgo = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))

// ran is a pod that ran there, with conditions of its own cluster too.
func ran() *corev1.Pod {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "app"}}, ReadinessGates: []corev1.PodReadinessGate{{ConditionType: "x/y"}},
	}}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: "203.0.113.9", PodIPs: []corev1.PodIP{{IP: "203.0.113.9"}}, HostIP: "192.0.2.7",
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ContainerID: "containerd://1", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
	}
	for _, kind := range []corev1.PodConditionType{
		corev1.PodScheduled, corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady, corev1.DisruptionTarget, "x/y",
	} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: longAgo})
	}
	return pod
}

func TestWhatIsNotThereIsNotReadyAndHasNoAddress(t *testing.T) {
	fresh := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse}}}}
	for what, s := range map[string]corev1.PodStatus{
		"waiting": waiting(ran(), reasonPending, ""), "lost": lost(ran()), "made again": statusOf(ran(), fresh, "192.0.2.7"),
	} {
		pod := ran()
		pod.Status = s
		for _, kind := range readyConditions {
			if isTrue(pod, kind) {
				t.Errorf("%s: %s", what, kind)
			}
		}
		if s.PodIP != "" || s.PodIPs != nil || s.HostIP != "192.0.2.7" {
			t.Errorf("%s: %+v", what, s)
		}
		if !isTrue(pod, corev1.PodScheduled) || !isTrue(pod, "x/y") || isTrue(pod, corev1.PodInitialized) != (what != "made again") {
			t.Errorf("%s: %+v", what, s.Conditions)
		}
	}
}

func TestWhatWasTakenBackDoesNotFlap(t *testing.T) {
	pod := ran()
	pod.Status = waiting(pod, reasonPending, "")
	for i := range pod.Status.Conditions {
		pod.Status.Conditions[i].LastTransitionTime = longAgo
	}
	fresh := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending}}
	for what, s := range map[string]corev1.PodStatus{"waiting": waiting(pod, reasonPending, ""), "there": statusOf(pod, fresh, "")} {
		for _, c := range s.Conditions {
			if c.Type != corev1.PodInitialized && !c.LastTransitionTime.Equal(&longAgo) {
				t.Errorf("%s: %+v", what, c)
			}
		}
	}
	if never := waiting(&corev1.Pod{}, reasonPending, ""); len(never.Conditions) != 0 {
		t.Errorf("told of a pod of which nothing was told: %+v", never.Conditions)
	}
	fresh.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	if pod.Status = statusOf(pod, fresh, ""); !isTrue(pod, corev1.PodReady) || !equality.Semantic.DeepEqual(pod.Status, statusOf(pod, fresh, "")) {
		t.Errorf("%+v", pod.Status.Conditions)
	}
}

func TestADisruptionHereIsKept(t *testing.T) {
	pod := ran()
	pod.Status = statusOf(pod, &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}}, "")
	if !isTrue(pod, corev1.DisruptionTarget) {
		t.Error("a pod that is about to be evicted here lost the mark of it")
	}
	pod = ran()
	pod.Status = waiting(pod, reasonPending, "")
	if isTrue(pod, corev1.DisruptionTarget) {
		t.Error("a pod that is made again keeps the mark of the former one")
	}
}
