package lifecycle

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// place is a Runtime in memory, with faults on demand.
type place struct {
	clock   *clocktesting.FakeClock
	changes chan struct{}

	mu          sync.Mutex
	unreachable bool
	pods        map[types.UID]*runtime.PodState
	prepared    map[types.UID]runtime.PodSpec
	started     []runtime.ContainerSpec
	startedFrom runtime.PodSpec
	orders      []string
	// startError is what StartContainer returns, by container name.
	startError map[string]error
	// releaseError is what ReleasePod returns once.
	releaseError error
	// stubborn containers end only when release is called; stops tells what grace they were given.
	stubborn map[string]chan struct{}
	// stopCode is the exit code of a container that is asked to end.
	stopCode int
	// hold is asked before a pod is prepared and a container started: it may take its time, and fail.
	hold func(ctx context.Context, order string) error
	// exec answers commands.
	exec        func(command []string) error
	unsupported []string
}

func newPlace(clock *clocktesting.FakeClock) *place {
	return &place{
		clock: clock, changes: make(chan struct{}, 1), pods: map[types.UID]*runtime.PodState{}, prepared: map[types.UID]runtime.PodSpec{},
		startError: map[string]error{}, stubborn: map[string]chan struct{}{}, stopCode: 143,
		hold: func(context.Context, string) error { return nil }, exec: func([]string) error { return nil },
	}
}

func (p *place) enter(order string) (func(), error) {
	p.mu.Lock()
	if p.unreachable {
		p.mu.Unlock()
		return nil, fmt.Errorf("dial: %w", runtime.ErrUnreachable)
	}
	if order != "" {
		p.orders = append(p.orders, order)
	}
	return p.mu.Unlock, nil
}

func (p *place) Unsupported(*corev1.Pod) []string { return p.unsupported }
func (p *place) Changes() <-chan struct{}         { return p.changes }

// held is what hold answers.
func (p *place) held(ctx context.Context, order string) error {
	p.mu.Lock()
	hold := p.hold
	p.mu.Unlock()
	return hold(ctx, order)
}

func (p *place) PreparePod(ctx context.Context, spec runtime.PodSpec) error {
	if err := p.held(ctx, "prepare "+spec.Pod.Name); err != nil {
		return err
	}
	leave, err := p.enter("prepare " + spec.Pod.Name)
	if err != nil {
		return err
	}
	defer leave()
	p.prepared[spec.Pod.UID] = spec
	if p.pods[spec.Pod.UID] == nil {
		p.pods[spec.Pod.UID] = &runtime.PodState{UID: spec.Pod.UID, Namespace: spec.Pod.Namespace, Name: spec.Pod.Name, IP: "192.0.2.9"}
	}
	return nil
}

func (p *place) StartContainer(ctx context.Context, spec runtime.PodSpec, c runtime.ContainerSpec) error {
	if err := p.held(ctx, "start "+c.Container.Name); err != nil {
		return err
	}
	leave, err := p.enter("")
	if err != nil {
		return err
	}
	defer leave()
	if err := p.startError[c.Container.Name]; err != nil {
		return err
	}
	pod := p.pods[spec.Pod.UID]
	for _, s := range pod.Containers {
		if s.Name == c.Container.Name && s.Attempt == c.Attempt {
			return nil
		}
	}
	p.orders = append(p.orders, fmt.Sprintf("start %s/%d", c.Container.Name, c.Attempt))
	p.started, p.startedFrom = append(p.started, c), spec
	pod.Containers = append(pod.Containers, runtime.ContainerState{
		Name: c.Container.Name, Init: c.Init, Attempt: c.Attempt, Running: true, StartedAt: p.clock.Now(), Image: c.Container.Image,
	})
	return nil
}

func (p *place) StopContainer(ctx context.Context, id runtime.ContainerID, grace time.Duration) error {
	leave, err := p.enter(fmt.Sprintf("stop %s/%d %s", id.Name, id.Attempt, grace))
	if err != nil {
		return err
	}
	stubborn := p.stubborn[id.Name]
	leave()
	if stubborn != nil {
		select {
		case <-stubborn:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.exit(id.Pod, id.Name, p.stopCode)
	return nil
}

// exit ends the running attempt of a container.
func (p *place) exit(uid types.UID, name string, code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.pods[uid].Containers {
		if c := &p.pods[uid].Containers[i]; c.Name == name && c.Running {
			c.Running, c.ExitCode, c.FinishedAt = false, code, p.clock.Now()
		}
	}
	signal(p.changes)
}

func (p *place) Observe(context.Context) ([]runtime.PodState, error) {
	leave, err := p.enter("")
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []runtime.PodState
	for _, uid := range slices.Sorted(maps.Keys(p.pods)) {
		s := *p.pods[uid]
		s.Containers = slices.Clone(s.Containers)
		out = append(out, s)
	}
	return out, nil
}

func (p *place) RemovePod(_ context.Context, uid types.UID) error {
	leave, err := p.enter("remove " + string(uid))
	if err != nil {
		return err
	}
	defer leave()
	delete(p.pods, uid)
	return nil
}

func (p *place) ReleasePod(_ context.Context, uid types.UID) error {
	leave, err := p.enter("release " + string(uid))
	if err != nil {
		return err
	}
	defer leave()
	err, p.releaseError = p.releaseError, nil
	return err
}

func (p *place) Logs(_ context.Context, id runtime.ContainerID, _ runtime.LogOptions) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(fmt.Sprintf("log of %s/%d", id.Name, id.Attempt))), nil
}

func (p *place) Exec(_ context.Context, _ runtime.ContainerID, command []string, _ runtime.Streams) error {
	leave, err := p.enter("exec " + strings.Join(command, " "))
	if err != nil {
		return err
	}
	answer := p.exec
	leave()
	return answer(command)
}

func (p *place) Stats(context.Context) ([]runtime.ContainerStats, error) { return nil, nil }

func (p *place) set(change func()) {
	p.mu.Lock()
	change()
	p.mu.Unlock()
	signal(p.changes)
}

// count of orders that begin with a text.
func (p *place) count(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, o := range p.orders {
		if strings.HasPrefix(o, prefix) {
			n++
		}
	}
	return n
}

// given are all orders so far.
func (p *place) given() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.orders)
}

func (p *place) has(order string) func() bool { return func() bool { return p.count(order) > 0 } }

// besideClock runs what is delayed beside the clock, as a real one does: the fake one would hold its lock meanwhile.
type besideClock struct {
	*clocktesting.FakeClock
	running *atomic.Int32
}

func (c besideClock) AfterFunc(d time.Duration, f func()) clock.Timer {
	return c.FakeClock.AfterFunc(d, func() {
		c.running.Add(1)
		go func() {
			defer c.running.Add(-1)
			f()
		}()
	})
}

// world is a cluster of one node: what the API has, a place, and a Manager between them.
type world struct {
	t      *testing.T
	clock  besideClock
	place  *place
	api    *fake.Clientset
	store  cache.Indexer
	events *record.FakeRecorder
	m      *Manager
	stop   func()

	mu       sync.Mutex
	finished map[types.UID]corev1.PodStatus
	// told counts what was told of a status; finishError is what finishing gives.
	told        int
	finishError error
}

func newWorld(t *testing.T) *world {
	clock := besideClock{clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), &atomic.Int32{}}
	w := &world{
		t: t, clock: clock, place: newPlace(clock.FakeClock), api: fake.NewClientset(),
		store:    cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}),
		events:   record.NewFakeRecorder(1000),
		finished: map[types.UID]corev1.PodStatus{},
	}
	w.startAgent()
	t.Cleanup(func() { w.stop() })
	return w
}

// startAgent makes a Manager that knows nothing, as after a restart.
func (w *world) startAgent() {
	home := runtime.Home{
		NodeName: "n1", NodeAddress: "192.0.2.1", Client: w.api, Pods: corelisters.NewPodLister(w.store), HasSynced: func() bool { return true },
		Events: w.events, Finish: w.finish,
	}
	m := New(w.place, home, Options{Provider: "test", Clock: w.clock, Log: slog.New(slog.DiscardHandler), Host: resolve.Host{Address: "192.0.2.1", APIHost: "api", APIPort: "6443"}})
	m.NotifyPods(context.Background(), w.status)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	w.m = m
	w.stop = func() { cancel(); <-done }
}

func (w *world) restartAgent() {
	w.stop()
	w.startAgent()
}

// status takes what the Manager tells, as the API does.
func (w *world) status(pod *corev1.Pod) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told++
	if now := w.get(pod.Name); now != nil && now.UID == pod.UID && !terminal(now) {
		now = now.DeepCopy()
		now.Status = pod.Status
		_ = w.store.Update(now)
	}
}

func (w *world) finish(_ context.Context, pod *corev1.Pod) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finishError != nil {
		return w.finishError
	}
	w.finished[pod.UID] = pod.Status
	if now := w.get(pod.Name); now != nil && now.UID == pod.UID {
		_ = w.store.Delete(now)
	}
	return nil
}

func (w *world) tellings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told
}

func (w *world) failFinish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finishError = err
}

func (w *world) get(name string) *corev1.Pod {
	object, ok, _ := w.store.GetByKey("default/" + name)
	if !ok {
		return nil
	}
	return object.(*corev1.Pod)
}

// now is the pod as the API has it, and last the status it had when it went.
func (w *world) now(name string) *corev1.Pod {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.get(name)
}

func (w *world) last(uid types.UID) corev1.PodStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.finished[uid]
}

// create puts a pod into the API and hands it over.
func (w *world) create(pod *corev1.Pod) *corev1.Pod {
	w.t.Helper()
	if err := w.store.Add(pod); err != nil {
		w.t.Fatal(err)
	}
	_ = w.m.CreatePod(context.Background(), pod)
	return pod
}

// change alters a pod in the API, as somebody else does.
func (w *world) change(name string, change func(*corev1.Pod)) *corev1.Pod {
	w.mu.Lock()
	pod := w.get(name).DeepCopy()
	change(pod)
	_ = w.store.Update(pod)
	w.mu.Unlock()
	_ = w.m.UpdatePod(context.Background(), pod)
	return pod
}

func (w *world) delete(name string, grace int64) {
	pod := w.change(name, func(p *corev1.Pod) {
		now := metav1.NewTime(w.clock.Now())
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &now, &grace
	})
	_ = w.m.DeletePod(context.Background(), pod)
}

func (w *world) isFinished(uid types.UID) func() bool {
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		_, ok := w.finished[uid]
		return ok
	}
}

func (w *world) phase(name string, phase corev1.PodPhase) func() bool {
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		p := w.get(name)
		return p != nil && p.Status.Phase == phase
	}
}

// container is the state of a container in the API.
func (w *world) container(pod, name string) corev1.ContainerStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.get(pod); p != nil {
		if s := statusOf(p, name); s != nil {
			return *s
		}
	}
	return corev1.ContainerStatus{}
}

func (w *world) waiting(pod, container, reason string) func() bool {
	return func() bool {
		s := w.container(pod, container).State.Waiting
		return s != nil && s.Reason == reason
	}
}

func (w *world) running(pod, container string, restarts int32) func() bool {
	return func() bool {
		s := w.container(pod, container)
		return s.State.Running != nil && s.RestartCount == restarts
	}
}

// eventually waits for a condition; the fake clock stands still meanwhile.
func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	w.eventuallyStepping(what, 0, condition)
}

// eventuallyStepping lets the fake clock go on in steps until the condition holds.
func (w *world) eventuallyStepping(what string, step time.Duration, condition func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			w.place.mu.Lock()
			defer w.place.mu.Unlock()
			w.t.Fatalf("never came true: %s\norders: %v\nobjects: %+v", what, w.place.orders, w.store.List())
		}
		if step > 0 {
			w.clock.Step(step)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// settled waits until nothing is left to do: no pod is at work and the loop waits for the clock.
func (w *world) settled() {
	w.t.Helper()
	calm := 0
	w.eventually("the manager is at rest", func() bool {
		w.m.mu.Lock()
		busy := w.clock.running.Load() > 0 || len(w.m.lookNow) > 0 || len(w.place.changes) > 0
		for _, p := range w.m.pods {
			if p.turn.TryLock() {
				busy = busy || p.turn.working || p.turn.again
				p.turn.Unlock()
			} else {
				busy = true
			}
		}
		w.m.mu.Unlock()
		if busy {
			calm = 0
		} else {
			calm++
		}
		return calm > 5
	})
}

func (w *world) event(part string) func() bool {
	return func() bool {
		for {
			select {
			case e := <-w.events.Events:
				if strings.Contains(e, part) {
					return true
				}
			default:
				return false
			}
		}
	}
}

func newPodObject(name string, change ...func(*corev1.Pod)) *corev1.Pod {
	grace := int64(30)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID("uid-" + name), ResourceVersion: "1"},
		Spec: corev1.PodSpec{
			NodeName: "n1", RestartPolicy: corev1.RestartPolicyAlways, TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{Name: "app", Image: "app:1", Command: []string{"run"}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	for _, c := range change {
		c(pod)
	}
	return pod
}

func policy(p corev1.RestartPolicy) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.RestartPolicy = p }
}
