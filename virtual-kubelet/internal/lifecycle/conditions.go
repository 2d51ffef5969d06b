package lifecycle

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conditions sets those of a pod that are a node's; others' stay, and so do transition times where nothing changed. Each is set once: one
// that is another for a moment has just changed.
func (m *Manager) conditions(s *corev1.PodStatus, t turn, inits, mains []*view) {
	over := ""
	switch s.Phase {
	case corev1.PodSucceeded:
		over = "PodCompleted"
	case corev1.PodFailed:
		over = "PodFailed"
	}
	m.condition(s, corev1.PodScheduled, "", "")
	notMade := ""
	if !t.seen && over == "" {
		notMade = "PodNotMade"
	}
	m.condition(s, corev1.PodReadyToStartContainers, notMade, "")
	reason, message := "", ""
	if over != "PodCompleted" {
		reason, message = listed(uninitialized(inits, mains), "ContainersNotInitialized", "incomplete")
	}
	m.condition(s, corev1.PodInitialized, reason, message)
	if reason, message = over, ""; over == "" {
		reason, message = listed(unready(inits, mains), "ContainersNotReady", "unready")
	}
	m.condition(s, corev1.ContainersReady, reason, message)
	if gates := closedGates(t.api); reason == "" && len(gates) > 0 {
		reason, message = "ReadinessGatesNotReady", "conditions not true: "+strings.Join(gates, ", ")
	}
	m.condition(s, corev1.PodReady, reason, message)
}

// uninitialized are the init containers that are not done; once a container was started, all of them are.
func uninitialized(inits, mains []*view) []string {
	var out []string
	for _, v := range mains {
		if v.last != nil {
			return nil
		}
	}
	for _, v := range inits {
		done := v.hasEnded() && v.last.ExitCode == 0
		if v.sidecar {
			done = v.running() && v.mem.probes.hasStarted()
		}
		if !done {
			out = append(out, v.spec.Name)
		}
	}
	return out
}

func unready(inits, mains []*view) []string {
	var out []string
	for _, v := range append(append([]*view{}, inits...), mains...) {
		if (!v.init || v.sidecar) && !(v.running() && v.mem.probes.isReady()) {
			out = append(out, v.spec.Name)
		}
	}
	return out
}

// listed is the reason and message of a condition that names stand against; both are empty without any.
func listed(names []string, reason, status string) (string, string) {
	if len(names) == 0 {
		return "", ""
	}
	return reason, fmt.Sprintf("containers with %s status: [%s]", status, strings.Join(names, " "))
}

// condition sets one condition: true without a reason, else false.
func (m *Manager) condition(s *corev1.PodStatus, kind corev1.PodConditionType, reason, message string) {
	status := corev1.ConditionTrue
	if reason != "" {
		status = corev1.ConditionFalse
	}
	for i := range s.Conditions {
		if c := &s.Conditions[i]; c.Type == kind {
			if c.Status != status {
				c.LastTransitionTime = metav1.NewTime(m.clock.Now().Truncate(time.Second))
			}
			c.Status, c.Reason, c.Message = status, reason, message
			if s.ObservedGeneration > 0 {
				c.ObservedGeneration = s.ObservedGeneration
			}
			return
		}
	}
	s.Conditions = append(s.Conditions, corev1.PodCondition{
		Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: s.ObservedGeneration,
		LastTransitionTime: metav1.NewTime(m.clock.Now().Truncate(time.Second)),
	})
}

func closedGates(api *corev1.Pod) []string {
	var out []string
	for _, gate := range api.Spec.ReadinessGates {
		open := false
		for _, c := range api.Status.Conditions {
			open = open || c.Type == gate.ConditionType && c.Status == corev1.ConditionTrue
		}
		if !open {
			out = append(out, string(gate.ConditionType))
		}
	}
	return out
}
