package lifecycle

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// endedInTime is a pod of a job that ended well within its grace, and whose object cannot be deleted yet.
func endedInTime(t *testing.T) *world {
	w := newWorld(t)
	w.failFinish(errors.New("the API is away"))
	w.place.stopCode = 0
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever)))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	w.delete("a", 30)
	w.eventually("removed", w.place.has("remove uid-a"))
	return w
}

func (w *world) endsWell() {
	w.t.Helper()
	w.eventuallyStepping("finished", time.Second, w.isFinished("uid-a"))
	s := w.last("uid-a")
	if ended := s.ContainerStatuses[0].State.Terminated; s.Phase != corev1.PodSucceeded || ended == nil || ended.ExitCode != 0 || ended.Reason != "Completed" {
		w.t.Fatalf("last status is %+v", s)
	}
}

func TestExitCodesOutliveAnAPIThatIsAway(t *testing.T) {
	w := endedInTime(t)
	for range 3 {
		w.clock.Step(lookInterval)
		w.settled()
	}
	w.failFinish(nil)
	w.endsWell()
}

func TestExitCodesOutliveTheAgent(t *testing.T) {
	w := endedInTime(t)
	w.settled()
	w.restartAgent()
	w.failFinish(nil)
	w.endsWell()
}

func TestPlaceKeepsAnEndThatTheAPIHasNotHeard(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever)))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	w.m.NotifyPods(t.Context(), func(*corev1.Pod) {})
	w.delete("a", 30)
	w.eventually("asked to end", w.place.has("stop app/0"))
	for range 5 {
		w.clock.Step(retryInterval)
		w.settled()
	}
	if w.place.count("remove") != 0 {
		t.Fatal("the place forgot what only it knew")
	}
	w.restartAgent()
	w.eventuallyStepping("finished", time.Second, w.isFinished("uid-a"))
	if ended := w.last("uid-a").ContainerStatuses[0].State.Terminated; ended == nil || ended.ExitCode != 143 {
		t.Fatalf("last status is %+v", w.last("uid-a"))
	}
}

// The API takes no status of a pod any more that somebody said has failed: only the agent remembers how it ended.
func TestLastStatusIsKeptUntilTheObjectIsGone(t *testing.T) {
	w := newWorld(t)
	w.failFinish(errors.New("the API is away"))
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	w.change("a", func(p *corev1.Pod) {
		now, grace := metav1.NewTime(w.clock.Now()), int64(30)
		p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &now, &grace
	})
	w.eventually("removed", w.place.has("remove uid-a"))
	w.settled()
	w.clock.Step(lookInterval)
	w.settled()
	w.failFinish(nil)
	w.eventuallyStepping("finished", time.Second, w.isFinished("uid-a"))
	s := w.last("uid-a")
	if ended := s.ContainerStatuses[0].State.Terminated; s.Reason != "Evicted" || ended == nil || ended.ExitCode != 143 {
		t.Fatalf("last status is %+v", s)
	}
}
