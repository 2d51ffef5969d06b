package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestClosedReadinessGateIsToldOnce(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}
	}))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	before, told := conditionOf(w.now("a"), corev1.PodReady), w.tellings()
	if before.Status != corev1.ConditionFalse || before.Reason != "ReadinessGatesNotReady" {
		t.Fatalf("condition is %+v", before)
	}
	for range 3 {
		w.clock.Step(lookInterval)
		w.settled()
	}
	if n := w.tellings() - told; n != 0 {
		t.Errorf("a status that did not change was told %d times", n)
	}
	if now := conditionOf(w.now("a"), corev1.PodReady); now != before {
		t.Errorf("condition was %+v and is %+v", before, now)
	}
	w.change("a", func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: "example.com/gate", Status: corev1.ConditionTrue})
	})
	w.eventuallyStepping("ready", time.Second, func() bool {
		return conditionOf(w.now("a"), corev1.PodReady).Status == corev1.ConditionTrue
	})
}
