package lifecycle

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// greeting is a world with a pod whose postStart hook ends as answer says.
func greeting(t *testing.T, answer func() error) *world {
	w := newWorld(t)
	w.place.exec = func([]string) error { return answer() }
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever), func(p *corev1.Pod) {
		p.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"hello"}}}}
	}))
	w.eventually("greeted", w.place.has("exec hello"))
	return w
}

func TestPostStartHookThatFailsEndsTheContainer(t *testing.T) {
	w := greeting(t, func() error { return runtime.ExitError{Code: 1} })
	w.eventually("ended", w.place.has("stop app/0"))
	if !w.event("FailedPostStartHook")() {
		t.Error("no event tells of the hook")
	}
}

func TestLostConnectionIsNoFailureOfAHook(t *testing.T) {
	var lost atomic.Bool
	lost.Store(true)
	w := greeting(t, func() error {
		if lost.Load() {
			return fmt.Errorf("the connection ended: %w", runtime.ErrUnreachable)
		}
		return nil
	})
	w.eventuallyStepping("tried again", time.Second, func() bool { return w.place.count("exec hello") > 1 })
	lost.Store(false)
	tried := w.place.count("exec hello")
	w.eventuallyStepping("tried until it is known", time.Second, func() bool { return w.place.count("exec hello") > tried })
	w.settled()
	if w.place.count("stop") != 0 || w.event("FailedPostStartHook")() {
		t.Fatalf("a lost connection was held against the container: %v", w.place.given())
	}
}

func TestHookOfAContainerThatEndedIsNotTriedAgain(t *testing.T) {
	w := greeting(t, func() error { return runtime.ErrUnreachable })
	w.eventually("running", w.running("a", "app", 0))
	w.place.exit("uid-a", "app", 0)
	w.eventually("over", w.phase("a", corev1.PodSucceeded))
	for range 3 {
		w.clock.Step(retryInterval)
		w.settled()
	}
	if w.place.count("exec hello") != 1 || w.place.count("stop") != 0 {
		t.Fatalf("orders: %v", w.place.given())
	}
}
