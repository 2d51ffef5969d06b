package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func conditionOf(pod *corev1.Pod, kind corev1.PodConditionType) corev1.PodCondition {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return corev1.PodCondition{}
}

func TestPodRunsAndTellsItsStatus(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.phase("a", corev1.PodRunning))
	w.settled()
	pod := w.now("a")
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodReadyToStartContainers} {
		if c := conditionOf(pod, kind); c.Status != corev1.ConditionTrue {
			t.Errorf("condition %s is %+v", kind, c)
		}
	}
	s := pod.Status
	if s.PodIP != "192.0.2.9" || s.HostIP != "192.0.2.1" || s.StartTime == nil {
		t.Errorf("addresses or start time are wrong: %+v", s)
	}
	if id := s.ContainerStatuses[0].ContainerID; id != "test://uid-a/app/0" {
		t.Errorf("container id is %s", id)
	}
	since := conditionOf(pod, corev1.PodReady).LastTransitionTime
	w.clock.Step(time.Minute)
	// Somebody else (the node controller) says it is not ready: that is put right, and only that transition time moves.
	w.change("a", func(p *corev1.Pod) {
		for i := range p.Status.Conditions {
			if p.Status.Conditions[i].Type == corev1.PodReady {
				p.Status.Conditions[i].Status = corev1.ConditionFalse
			}
		}
	})
	w.eventually("ready again", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		c := conditionOf(w.get("a"), corev1.PodReady)
		return c.Status == corev1.ConditionTrue && c.LastTransitionTime.After(since.Time)
	})
	if c := conditionOf(w.now("a"), corev1.ContainersReady); !c.LastTransitionTime.Equal(&since) {
		t.Errorf("transition time of a condition that did not change moved: %v", c.LastTransitionTime)
	}
}

func TestInitContainersRunOneAfterTheOther(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "one"}, {Name: "two"}}
	}))
	w.eventually("first", w.place.has("start one/0"))
	w.settled()
	if w.place.count("start") != 1 {
		t.Fatalf("more than the first init container was started: %v", w.place.given())
	}
	w.place.exit("uid-a", "one", 1)
	w.eventually("a failed one is started again", w.place.has("start one/1"))
	w.place.exit("uid-a", "one", 0)
	w.eventually("second", w.place.has("start two/0"))
	w.settled()
	if w.place.count("start app") != 0 || !w.phase("a", corev1.PodPending)() {
		t.Fatal("the container was started before the last init container ended")
	}
	w.place.exit("uid-a", "two", 0)
	w.eventually("running", w.phase("a", corev1.PodRunning))
}

func TestInitContainerThatFailsForGood(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever), func(p *corev1.Pod) { p.Spec.InitContainers = []corev1.Container{{Name: "one"}} }))
	w.eventually("first", w.place.has("start one/0"))
	w.place.exit("uid-a", "one", 3)
	w.eventually("failed", w.phase("a", corev1.PodFailed))
	if w.place.count("start app") != 0 {
		t.Fatal("the container was started")
	}
}

func TestRestartPolicies(t *testing.T) {
	for _, c := range []struct {
		policy corev1.RestartPolicy
		code   int
		phase  corev1.PodPhase
		again  bool
	}{
		{corev1.RestartPolicyAlways, 0, corev1.PodRunning, true},
		{corev1.RestartPolicyAlways, 1, corev1.PodRunning, true},
		{corev1.RestartPolicyOnFailure, 1, corev1.PodRunning, true},
		{corev1.RestartPolicyOnFailure, 0, corev1.PodSucceeded, false},
		{corev1.RestartPolicyNever, 0, corev1.PodSucceeded, false},
		{corev1.RestartPolicyNever, 7, corev1.PodFailed, false},
	} {
		t.Run(fmt.Sprintf("%s/%d", c.policy, c.code), func(t *testing.T) {
			w := newWorld(t)
			w.create(newPodObject("a", policy(c.policy)))
			w.eventually("running", w.running("a", "app", 0))
			w.place.exit("uid-a", "app", c.code)
			if c.again {
				w.eventually("running again", w.running("a", "app", 1))
			} else {
				w.eventually("over", w.phase("a", c.phase))
			}
			w.settled()
			if !w.phase("a", c.phase)() {
				t.Fatalf("phase is %s", w.now("a").Status.Phase)
			}
			s := w.container("a", "app")
			ended := s.State.Terminated
			if c.again {
				ended = s.LastTerminationState.Terminated
			}
			if ended == nil || int(ended.ExitCode) != c.code {
				t.Fatalf("exit code %d is not told: %+v", c.code, s)
			}
			if c.again == (w.place.count("start app/1") == 0) {
				t.Fatalf("orders: %v", w.place.given())
			}
		})
	}
}

func TestBackOffDoublesAndIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.place.exit("uid-a", "app", 1)
	w.eventually("the first restart comes at once", w.running("a", "app", 1))
	for i, wait := range []time.Duration{10, 20, 40, 80, 160, 300, 300} {
		w.settled()
		w.place.exit("uid-a", "app", 1)
		w.eventually("it waits", w.waiting("a", "app", "CrashLoopBackOff"))
		w.settled()
		w.clock.Step(wait*time.Second - time.Millisecond)
		w.settled()
		if n := w.place.count("start"); n != i+2 {
			t.Fatalf("started before %ds were over: %d starts", wait, n)
		}
		w.clock.Step(time.Millisecond)
		w.eventually("it is started", w.running("a", "app", int32(i+2)))
	}
	w.settled()
	w.clock.Step(11 * time.Minute)
	w.settled()
	w.place.exit("uid-a", "app", 1)
	w.eventually("after ten minutes it is started at once", w.running("a", "app", 9))
}

func TestDeletionEndsThePodAndThenTheObject(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	w.delete("a", 30)
	w.eventually("finished", w.isFinished("uid-a"))
	want := []string{"prepare a", "start app/0", "stop app/0 30s", "remove uid-a"}
	if !slices.Equal(w.place.given(), want) {
		t.Fatalf("orders are %v", w.place.given())
	}
	if s := w.last("uid-a"); s.Phase != corev1.PodFailed || s.ContainerStatuses[0].State.Terminated == nil || s.ContainerStatuses[0].State.Terminated.ExitCode != 143 {
		t.Fatalf("last status is %+v", s)
	}
	w.clock.Step(retryInterval)
	w.eventually("nothing is remembered", func() bool { w.m.mu.Lock(); defer w.m.mu.Unlock(); return len(w.m.pods) == 0 })
}

func TestGraceThatIsShortenedCounts(t *testing.T) {
	w := newWorld(t)
	w.place.stubborn["app"] = make(chan struct{})
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.delete("a", 3600)
	w.eventually("asked to end", w.place.has("stop app/0 1h0m0s"))
	w.delete("a", 3600)
	w.settled()
	if w.place.count("stop") != 1 {
		t.Fatalf("the same order was given twice: %v", w.place.given())
	}
	w.delete("a", 1)
	w.eventually("asked again", w.place.has("stop app/0 1s"))
	close(w.place.stubborn["app"])
	w.eventually("finished", w.isFinished("uid-a"))
}

func TestUnreachableChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	before := w.now("a")
	begin := w.clock.Now()
	w.place.set(func() { w.place.unreachable = true })
	w.eventuallyStepping("the place counts as unreachable", time.Second, func() bool { return w.m.Reachable() != nil })
	if passed := w.clock.Since(begin); passed > 40*time.Second {
		t.Errorf("it took %s of the node's time", passed)
	}
	w.delete("a", 1)
	w.clock.Step(time.Hour)
	w.settled()
	if w.isFinished("uid-a")() || w.place.count("stop")+w.place.count("remove") != 0 {
		t.Fatalf("something was concluded from silence: %v", w.place.given())
	}
	if now := w.now("a"); now.Status.Phase != corev1.PodRunning || now.Status.ContainerStatuses[0].State.Running == nil || !slices.Equal(now.Status.Conditions, before.Status.Conditions) {
		t.Fatalf("the status changed: %+v", now.Status)
	}
	w.create(newPodObject("b"))
	w.eventually("a new pod says why it waits", func() bool {
		s := w.container("b", "app").State.Waiting
		return s != nil && strings.Contains(s.Message, "cannot be reached")
	})
	w.place.set(func() { w.place.unreachable = false })
	w.eventuallyStepping("the deletion is carried out", time.Second, w.isFinished("uid-a"))
	w.eventually("reachable", func() bool { return w.m.Reachable() == nil })
	w.eventually("and the new pod runs", w.running("b", "app", 0))
}

func TestSettledWhenItIsKnownWhetherThePlaceAnswers(t *testing.T) {
	w := newWorld(t)
	settled := func() bool {
		select {
		case <-w.m.Settled():
			return true
		default:
			return false
		}
	}
	w.eventually("settled by an answer", settled)
	if err := w.m.Reachable(); err != nil {
		t.Error(err)
	}
	w.place.set(func() { w.place.unreachable = true })
	w.restartAgent()
	w.eventuallyStepping("settled without one", time.Second, settled)
	if w.m.Reachable() == nil {
		t.Error("a place that never answered is reachable")
	}
}

func TestPodForcedAwayWhileUnreachableIsSwept(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.place.set(func() { w.place.unreachable = true })
	w.eventuallyStepping("unreachable", time.Second, func() bool { return w.m.Reachable() != nil })
	pod := w.now("a")
	_ = w.store.Delete(pod)
	_ = w.m.DeletePod(t.Context(), pod)
	w.settled()
	w.place.set(func() { w.place.unreachable = false })
	w.eventuallyStepping("swept", time.Second, w.place.has("remove uid-a"))
	w.eventually("nothing is remembered", func() bool { w.m.mu.Lock(); defer w.m.mu.Unlock(); return len(w.m.pods) == 0 })
}

func TestSweepAsksTheAPIFirst(t *testing.T) {
	w := newWorld(t)
	pod := newPodObject("a")
	w.create(pod)
	w.eventually("running", w.running("a", "app", 0))
	// The cache lost the pod (an API server that lags); the API has it.
	if err := w.api.Tracker().Add(pod); err != nil {
		t.Fatal(err)
	}
	_ = w.store.Delete(w.get("a"))
	_ = w.m.DeletePod(t.Context(), pod)
	w.settled()
	w.clock.Step(time.Minute)
	w.settled()
	if w.place.count("remove") != 0 {
		t.Fatal("a pod was ended that the API has")
	}
	if err := w.api.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), "default", "a"); err != nil {
		t.Fatal(err)
	}
	w.eventuallyStepping("swept when the API does not have it", time.Second, w.place.has("remove uid-a"))
}

func TestAnotherPodOfTheSameNameWaitsForTheFirst(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.place.set(func() { w.place.unreachable = true })
	w.eventuallyStepping("unreachable", time.Second, func() bool { return w.m.Reachable() != nil })
	_ = w.store.Delete(w.get("a"))
	second := newPodObject("a", func(p *corev1.Pod) { p.UID = "uid-second" })
	w.create(second)
	w.place.set(func() { w.place.unreachable = false })
	w.eventuallyStepping("the second runs", time.Second, w.running("a", "app", 0))
	removed, prepared := slices.Index(w.place.given(), "remove uid-a"), len(w.place.given())-1-slices.Index(reversed(w.place.given()), "prepare a")
	if removed < 0 || removed > prepared {
		t.Fatalf("the second was made before the first was gone: %v", w.place.given())
	}
	if w.now("a").Status.ContainerStatuses[0].ContainerID != "test://uid-second/app/0" {
		t.Fatal("the status is not the second pod's")
	}
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func TestRestartOfTheAgentTouchesNothing(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.Spec.Containers[0].ReadinessProbe = execProbe("ready")
	}))
	w.eventuallyStepping("ready", time.Second, func() bool { return w.container("a", "app").Ready })
	w.place.exit("uid-a", "app", 1)
	w.eventuallyStepping("ready after a restart", time.Second, func() bool { s := w.container("a", "app"); return s.Ready && s.RestartCount == 1 })
	w.settled()
	w.place.mu.Lock()
	w.place.orders = nil
	w.place.mu.Unlock()
	w.stop()
	// While the agent is away a pod is deleted.
	w.startAgent()
	w.settled()
	w.clock.Step(lookInterval)
	w.settled()
	if n := w.place.count("start") + w.place.count("stop") + w.place.count("prepare") + w.place.count("remove"); n != 0 {
		t.Fatalf("orders after the restart: %v", w.place.given())
	}
	s := w.container("a", "app")
	if s.RestartCount != 1 || !s.Ready || s.LastTerminationState.Terminated == nil {
		t.Fatalf("the status changed: %+v", s)
	}
	w.place.exit("uid-a", "app", 1)
	w.eventually("restarts go on being counted", w.running("a", "app", 2))
}

func TestPodDeletedWhileTheAgentWasAway(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.create(newPodObject("b"))
	w.eventually("running", w.running("a", "app", 0))
	w.eventually("running", w.running("b", "app", 0))
	w.stop()
	_ = w.store.Delete(w.get("a"))
	w.startAgent()
	w.eventually("swept", w.place.has("remove uid-a"))
	w.settled()
	if w.place.count("remove uid-b") != 0 || w.place.count("stop") != 0 {
		t.Fatalf("orders: %v", w.place.given())
	}
}

func TestWhatThePlaceCannotDoIsListed(t *testing.T) {
	w := newWorld(t)
	w.place.unsupported = []string{"spec.hostPID: processes of the device"}
	yes := true
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "DaemonSet", Name: "d", Controller: &yes}}
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}}}
		p.Spec.Containers[0].LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{}}}
	}))
	w.eventually("refused", w.waiting("a", "app", reasonConfig))
	message := w.container("a", "app").State.Waiting.Message
	for _, part := range []string{"spec.hostPID", "spec.volumes[0] (v)", "spec.containers[0].livenessProbe"} {
		if !strings.Contains(message, part) {
			t.Errorf("%s is missing in %q", part, message)
		}
	}
	if !w.phase("a", corev1.PodPending)() || w.place.count("prepare")+w.place.count("start") != 0 {
		t.Fatalf("it was tried all the same: %v", w.place.given())
	}
	if !w.event("operator: NotIn, values: [virtual-kubelet]")() {
		t.Error("no event names the affinity")
	}
	w.delete("a", 30)
	w.eventually("finished", w.isFinished("uid-a"))
}

func TestDeadline(t *testing.T) {
	w := newWorld(t)
	seconds := int64(60)
	w.create(newPodObject("a", func(p *corev1.Pod) { p.Spec.ActiveDeadlineSeconds = &seconds }))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	w.clock.Step(59 * time.Second)
	w.settled()
	if w.place.count("stop") != 0 {
		t.Fatal("ended before the deadline")
	}
	w.clock.Step(time.Second)
	w.eventually("failed", w.phase("a", corev1.PodFailed))
	if w.now("a").Status.Reason != "DeadlineExceeded" {
		t.Fatalf("status is %+v", w.now("a").Status)
	}
}

func TestPlaceThatLostItsMemory(t *testing.T) {
	for _, c := range []struct {
		policy corev1.RestartPolicy
		then   func(w *world) func() bool
	}{
		{corev1.RestartPolicyNever, func(w *world) func() bool { return w.phase("a", corev1.PodFailed) }},
		{corev1.RestartPolicyAlways, func(w *world) func() bool { return w.running("a", "app", 1) }},
	} {
		t.Run(string(c.policy), func(t *testing.T) {
			w := newWorld(t)
			w.create(newPodObject("a", policy(c.policy)))
			w.eventually("running", w.running("a", "app", 0))
			w.settled()
			w.place.set(func() { delete(w.place.pods, "uid-a") })
			w.eventually("as the policy says", c.then(w))
			if c.policy == corev1.RestartPolicyNever && w.place.count("start") != 1 {
				t.Fatal("what may run once was run twice")
			}
		})
	}
}

func TestStartThatFailsIsTriedAgainWithBackOff(t *testing.T) {
	w := newWorld(t)
	w.place.startError["app"] = runtime.NotStarted{Reason: "ErrImagePull", Message: "no such image"}
	w.create(newPodObject("a"))
	w.eventually("told", w.waiting("a", "app", "ErrImagePull"))
	w.settled()
	w.place.set(func() { delete(w.place.startError, "app") })
	w.settled()
	if w.place.count("start") != 0 {
		t.Fatal("tried again without waiting")
	}
	w.clock.Step(backOffInitial)
	w.eventually("running", w.running("a", "app", 0))
}

func TestSidecarsStartFirstAndEndLast(t *testing.T) {
	w := newWorld(t)
	always := corev1.ContainerRestartPolicyAlways
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever), func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "side", RestartPolicy: &always}}
	}))
	w.eventually("running", w.running("a", "app", 0))
	w.place.exit("uid-a", "side", 1)
	w.eventually("a sidecar is started again", w.running("a", "side", 1))
	w.place.exit("uid-a", "app", 0)
	w.eventually("over", w.phase("a", corev1.PodSucceeded))
	w.eventuallyStepping("given back", time.Second, w.place.has("release uid-a"))
	want := []string{"prepare a", "start side/0", "start app/0", "start side/1", "stop side/1 30s", "release uid-a"}
	if !slices.Equal(w.place.given(), want) {
		t.Fatalf("orders are %v", w.place.given())
	}
}

func TestWhatAPodHoldsIsGivenBackWhenItHasEnded(t *testing.T) {
	w := newWorld(t)
	w.place.releaseError = errors.New("not now")
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever)))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	if w.place.count("release") != 0 {
		t.Fatalf("orders are %v", w.place.given())
	}
	w.place.exit("uid-a", "app", 0)
	w.eventually("over", w.phase("a", corev1.PodSucceeded))
	w.eventuallyStepping("given back at the second try", retryInterval, func() bool { return w.place.count("release uid-a") == 2 })
	w.clock.Step(time.Hour)
	w.settled()
	if w.place.count("release") != 2 || w.place.count("remove") != 0 {
		t.Fatalf("orders are %v", w.place.given())
	}
}

func TestLogIsTheMessageOfWhatFailed(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", policy(corev1.RestartPolicyNever), func(p *corev1.Pod) {
		p.Spec.Containers[0].TerminationMessagePolicy = corev1.TerminationMessageFallbackToLogsOnError
	}))
	w.eventually("running", w.running("a", "app", 0))
	w.place.exit("uid-a", "app", 1)
	w.eventually("failed", w.phase("a", corev1.PodFailed))
	if message := w.container("a", "app").State.Terminated.Message; message != "log of app/0" {
		t.Fatalf("message is %q", message)
	}
}

func TestImageThatIsChangedRestartsTheContainer(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	w.change("a", func(p *corev1.Pod) { p.Spec.Containers[0].Image = "app:2" })
	w.eventually("stopped", w.place.has("stop app/0"))
	w.eventuallyStepping("running the other image", time.Second, w.running("a", "app", 1))
}
