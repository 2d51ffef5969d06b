package lifecycle

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conditions sets those of a pod that are a node's; others' stay, and so do transition times where nothing changed.
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

	var uninitialized []string
	started := false
	for _, v := range mains {
		started = started || v.last != nil
	}
	for _, v := range inits {
		done := v.hasEnded() && v.last.ExitCode == 0
		if v.sidecar {
			done = v.running() && v.mem.probes.hasStarted()
		}
		if !done && !started {
			uninitialized = append(uninitialized, v.spec.Name)
		}
	}
	m.listed(s, corev1.PodInitialized, uninitialized, "ContainersNotInitialized", "containers with incomplete status: [%s]")
	if over == "PodCompleted" {
		m.condition(s, corev1.PodInitialized, "", "")
	}

	var unready []string
	for _, v := range append(append([]*view{}, inits...), mains...) {
		if (!v.init || v.sidecar) && !(v.running() && v.mem.probes.isReady()) {
			unready = append(unready, v.spec.Name)
		}
	}
	m.listed(s, corev1.ContainersReady, unready, "ContainersNotReady", "containers with unready status: [%s]")
	m.listed(s, corev1.PodReady, unready, "ContainersNotReady", "containers with unready status: [%s]")
	if over != "" {
		m.condition(s, corev1.ContainersReady, over, "")
		m.condition(s, corev1.PodReady, over, "")
		return
	}
	if gates := closedGates(t.api); len(unready) == 0 && len(gates) > 0 {
		m.condition(s, corev1.PodReady, "ReadinessGatesNotReady", "conditions not true: "+strings.Join(gates, ", "))
	}
}

func (m *Manager) listed(s *corev1.PodStatus, kind corev1.PodConditionType, names []string, reason, format string) {
	if len(names) == 0 {
		m.condition(s, kind, "", "")
		return
	}
	m.condition(s, kind, reason, fmt.Sprintf(format, strings.Join(names, " ")))
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
