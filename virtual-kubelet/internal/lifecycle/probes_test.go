package lifecycle

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func execProbe(command string) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{command}}},
		PeriodSeconds: 1, TimeoutSeconds: 5, SuccessThreshold: 1, FailureThreshold: 2,
	}
}

// answers lets probes fail by name.
func answers(w *world) map[string]*atomic.Bool {
	bad := map[string]*atomic.Bool{"live": {}, "ready": {}, "up": {}}
	w.place.exec = func(command []string) error {
		if b := bad[command[0]]; b != nil && b.Load() {
			return runtime.ExitError{Code: 1}
		}
		return nil
	}
	return bad
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	bad := answers(w)
	bad["ready"].Store(true)
	w.create(newPodObject("a", func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = execProbe("ready") }))
	w.eventually("running", w.running("a", "app", 0))
	w.eventuallyStepping("asked", time.Second, w.place.has("exec ready"))
	if w.container("a", "app").Ready {
		t.Fatal("ready before the probe said so")
	}
	bad["ready"].Store(false)
	w.eventuallyStepping("ready", time.Second, func() bool { return w.container("a", "app").Ready })
	bad["ready"].Store(true)
	w.eventuallyStepping("not ready", time.Second, func() bool { return !w.container("a", "app").Ready })
	if w.place.count("stop") != 0 {
		t.Fatal("a readiness probe ended the container")
	}
}

func TestLivenessRestarts(t *testing.T) {
	w := newWorld(t)
	bad := answers(w)
	grace := int64(3)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.Spec.Containers[0].LivenessProbe = execProbe("live")
		p.Spec.Containers[0].LivenessProbe.TerminationGracePeriodSeconds = &grace
	}))
	w.eventually("running", w.running("a", "app", 0))
	bad["live"].Store(true)
	w.eventuallyStepping("ended with the probe's grace", time.Second, w.place.has("stop app/0 3s"))
	bad["live"].Store(false)
	w.eventuallyStepping("running again", time.Second, w.running("a", "app", 1))
	if !w.event("Liveness probe of container app failed")() {
		t.Error("no event tells of the probe")
	}
}

func TestStartupHoldsTheOthersBack(t *testing.T) {
	w := newWorld(t)
	bad := answers(w)
	bad["up"].Store(true)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		c := &p.Spec.Containers[0]
		c.StartupProbe, c.LivenessProbe = execProbe("up"), execProbe("live")
		c.StartupProbe.FailureThreshold = 1000
	}))
	w.eventuallyStepping("asked", time.Second, func() bool { return w.place.count("exec up") > 3 })
	if w.place.count("exec live") != 0 || *w.container("a", "app").Started {
		t.Fatal("the liveness probe did not wait")
	}
	bad["up"].Store(false)
	w.eventuallyStepping("started", time.Second, func() bool { s := w.container("a", "app").Started; return s != nil && *s })
	w.eventuallyStepping("asked for its life", time.Second, w.place.has("exec live"))
}

func TestProbesConcludeNothingFromSilence(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", func(p *corev1.Pod) { p.Spec.Containers[0].LivenessProbe = execProbe("live") }))
	w.eventuallyStepping("asked", time.Second, w.place.has("exec live"))
	w.place.set(func() { w.place.unreachable = true })
	w.eventuallyStepping("unreachable", time.Second, func() bool { return w.m.Reachable() != nil })
	for range 20 {
		w.clock.Step(time.Second)
		w.settled()
	}
	w.place.set(func() { w.place.unreachable = false })
	w.eventuallyStepping("reachable", time.Second, func() bool { return w.m.Reachable() == nil })
	w.settled()
	if w.place.count("stop") != 0 {
		t.Fatal("the container was ended because its device was away")
	}
}

func TestHooks(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{
			PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"hello"}}},
			PreStop:   &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"goodbye"}}},
		}
	}))
	w.eventually("greeted", w.place.has("exec hello"))
	w.eventually("running", w.running("a", "app", 0))
	w.delete("a", 30)
	w.eventually("finished", w.isFinished("uid-a"))
	if w.place.count("exec goodbye") != 1 {
		t.Fatalf("orders: %v", w.place.given())
	}
}

func TestMissingReferencesAndRefresh(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a", func(p *corev1.Pod) {
		p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "X", ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"},
		}}}
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}}}}}
	}))
	w.eventually("the volume is missing", w.event("FailedMount"))
	ctx := context.Background()
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "m", Namespace: "default"}, Data: map[string]string{"f": "one"}}
	if _, err := w.api.CoreV1().ConfigMaps("default").Create(ctx, m, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.eventuallyStepping("the secret is missing", time.Second, w.waiting("a", "app", reasonConfig))
	if !w.event("MandatorySecretNotFound")() {
		t.Error("no event names the secret")
	}
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "default"}, Data: map[string][]byte{"k": []byte("v")}}
	if _, err := w.api.CoreV1().Secrets("default").Create(ctx, s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.eventuallyStepping("running", time.Second, w.running("a", "app", 0))
	prepared := w.place.count("prepare")
	m.Data["f"] = "two"
	if _, err := w.api.CoreV1().ConfigMaps("default").Update(ctx, m, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.eventuallyStepping("the file is another", time.Second, func() bool {
		w.place.mu.Lock()
		defer w.place.mu.Unlock()
		return string(w.place.prepared["uid-a"].Volumes["v"].Files["f"].Content) == "two"
	})
	if n := w.place.count("prepare"); n != prepared+1 {
		t.Errorf("files were put %d times for one change", n-prepared)
	}
}

func TestLogsFindTheAttempt(t *testing.T) {
	w := newWorld(t)
	w.create(newPodObject("a"))
	w.eventually("running", w.running("a", "app", 0))
	name := runtime.PodName{Namespace: "default", Name: "a"}
	if _, err := w.m.Logs(t.Context(), name, &corev1.PodLogOptions{Container: "app", Previous: true}); err == nil {
		t.Fatal("there is no previous attempt")
	}
	w.place.exit("uid-a", "app", 1)
	w.eventually("running again", w.running("a", "app", 1))
	read := func(previous bool) string {
		r, err := w.m.Logs(t.Context(), name, &corev1.PodLogOptions{Container: "app", Previous: previous})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r)
		return string(text)
	}
	if now, before := read(false), read(true); now != "log of app/1" || before != "log of app/0" {
		t.Errorf("%s, before %s", now, before)
	}
	for _, err := range []error{
		w.m.Attach(t.Context(), name, "app", runtime.Streams{}),
		w.m.PortForward(t.Context(), name, 80, nil),
	} {
		if err == nil {
			t.Error("a place that cannot did")
		}
	}
	if _, err := w.m.Logs(t.Context(), name, &corev1.PodLogOptions{Container: "other"}); err == nil {
		t.Error(fmt.Sprint("there is no such container"))
	}
	w.place.exit("uid-a", "app", 1)
	w.eventually("it waits", w.waiting("a", "app", "CrashLoopBackOff"))
	if now, before := read(false), read(true); now != "log of app/1" || before != "log of app/1" {
		t.Errorf("in back-off: %s, before %s", now, before)
	}
}
