// Package contract holds every Runtime that runs processes to what package runtime promises. A provider's test calls Run.
package contract

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// patience is how long something may take that happens for sure, on a busy machine.
const patience = 2 * time.Minute

// place is where a contract is checked.
type place struct {
	// open gives a Runtime at the same place, as another agent would have it.
	open      func(t *testing.T) runtime.Runtime
	cut, heal func()
	adapt     func(*corev1.Pod)
	without   map[string]string
	many      int
}

// Option says what is special about a place.
type Option func(*place)

// Cut gives the means to cut the place off and to heal that.
func Cut(cut, heal func()) Option { return func(p *place) { p.cut, p.heal = cut, heal } }

// Pods changes each pod before it is used, such as to give it an image with a shell.
func Pods(adapt func(*corev1.Pod)) Option { return func(p *place) { p.adapt = adapt } }

// Without leaves out a part (a name in parts) that this kind of place does not have, for a reason that is printed.
func Without(part, reason string) Option { return func(p *place) { p.without[part] = reason } }

// Many is the number of pods in the test of many at once, 100 by default.
func Many(pods int) Option { return func(p *place) { p.many = pods } }

var parts = []struct {
	name string
	test func(*testing.T, *place)
}{
	{"start", start}, {"environment", environment}, {"start again", startAgain}, {"exit codes", exitCodes}, {"signals", signals}, {"cannot run", cannotRun},
	{"stop", stop}, {"stop the stubborn", stopStubborn}, {"stop the whole group", stopGroup}, {"stop what has ended", stopEnded},
	{"logs", logs}, {"log options", logOptions}, {"previous logs", previousLogs}, {"follow", follow}, {"follow until told", followUntilTold},
	{"exec", exec}, {"exec refused", execRefused}, {"exec cancelled", execCancelled}, {"terminal", terminal},
	{"volumes", volumes}, {"another agent", anotherAgent}, {"changes", changes}, {"remove", remove}, {"stats", stats}, {"unreachable", unreachable}, {"many pods", manyPods},
}

// Run checks everything. open is called more than once in a test: each call stands for an agent that was started anew.
func Run(t *testing.T, open func(t *testing.T) runtime.Runtime, options ...Option) {
	p := &place{open: open, adapt: func(*corev1.Pod) {}, without: map[string]string{}, many: 100}
	for _, option := range options {
		option(p)
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			if reason, left := p.without[part.name]; left {
				t.Skip(reason)
			}
			part.test(t, p)
		})
	}
}

// subject is one pod with one container, and a Runtime to handle it with.
type subject struct {
	runtime.Runtime
	*testing.T
	ctx  context.Context
	spec runtime.PodSpec
}

// pod makes a pod that runs a shell script; it is removed when the test is over.
func (p *place) pod(t *testing.T, script string) *subject {
	return p.podOn(t, p.open(t), script)
}

func (p *place) podOn(t *testing.T, rt runtime.Runtime, script string) *subject {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "contract", UID: uuid.NewUUID()}}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Command: []string{"sh", "-c", script}}}
	p.adapt(pod)
	s := &subject{rt, t, ctx, runtime.PodSpec{Pod: pod}}
	t.Cleanup(func() {
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.RemovePod(ctx, pod.UID); err != nil {
			t.Errorf("the pod could not be removed: %v", err)
		}
	})
	return s
}

// run starts a pod's container, attempt 0.
func (p *place) run(t *testing.T, script string) *subject {
	t.Helper()
	s := p.pod(t, script)
	s.prepare()
	s.start(0)
	return s
}

func (s *subject) prepare() {
	s.Helper()
	s.must(s.PreparePod(s.ctx, s.spec))
}

func (s *subject) start(attempt int, env ...runtime.EnvVar) {
	s.Helper()
	s.must(s.StartContainer(s.ctx, s.spec, s.container(attempt, env...)))
}

func (s *subject) container(attempt int, env ...runtime.EnvVar) runtime.ContainerSpec {
	return runtime.ContainerSpec{Container: &s.spec.Pod.Spec.Containers[0], Attempt: attempt, Env: env}
}

func (s *subject) id(attempt int) runtime.ContainerID {
	return runtime.ContainerID{Pod: s.spec.Pod.UID, Name: "main", Attempt: attempt}
}

func (s *subject) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// equal compares by how values are printed.
func (s *subject) equal(what string, got, want any) {
	s.Helper()
	if g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); g != w {
		s.Fatalf("%s: got %s, want %s", what, g, w)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// state is one attempt as Observe tells it, nil when it does not.
func (s *subject) state(attempt int) *runtime.ContainerState {
	s.Helper()
	for _, container := range s.pod().Containers {
		if container.Name == "main" && container.Attempt == attempt {
			return &container
		}
	}
	return nil
}

func (s *subject) pod() runtime.PodState {
	s.Helper()
	states, err := s.Observe(s.ctx)
	s.must(err)
	for _, state := range states {
		if state.UID == s.spec.Pod.UID {
			return state
		}
	}
	return runtime.PodState{}
}

// ended waits for the end of an attempt.
func (s *subject) ended(attempt int) runtime.ContainerState {
	s.Helper()
	var last *runtime.ContainerState
	until(s.T, "the container has ended", func() bool {
		last = s.state(attempt)
		return last != nil && !last.Running && !last.Waiting
	})
	return *last
}
