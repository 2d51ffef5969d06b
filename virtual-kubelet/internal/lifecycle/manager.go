// Package lifecycle makes pods of a place that runs containers: init containers, restarts with back-off, probes, ends with grace,
// status. It is level-triggered: whatever called it, it compares the node's pods in the API with what the place says it has, and does
// the next thing. Nothing is concluded from a place that does not answer: its pods keep their last status, and their ends wait.
package lifecycle

import (
	"context"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/clock"

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// What a kubelet takes, and what keeps DeviceUnreachable within its 40 seconds.
const (
	// backOffInitial doubles up to backOffMax, and is forgotten when a container ran for twice backOffMax.
	backOffInitial = 10 * time.Second
	backOffMax     = 5 * time.Minute
	// lookInterval is how often the place is asked when nothing hints at a change.
	lookInterval = 10 * time.Second
	// lookTimeout bounds one look; two looks in a row have to fail before the place counts as unreachable.
	lookTimeout = 10 * time.Second
	// lookAgain is the wait after a look that failed.
	lookAgain = 2 * time.Second
	// refreshInterval is the age at which the files of volumes are resolved again.
	refreshInterval = time.Minute
	// refreshAgain is the wait after that failed.
	refreshAgain = 20 * time.Second
	// retryInterval is the wait after an order that failed; what pods refer to is tried again from retryFirst on, doubling.
	retryInterval = 5 * time.Second
	retryFirst    = 100 * time.Millisecond
	// atOnce is the wait where something came up already, and the shortest of all: the next turn follows without a timer.
	atOnce = time.Nanosecond
	// syncInterval is the wait for the cache of the API.
	syncInterval = 200 * time.Millisecond
	// parallelStarts bounds how many pods are started at the same time.
	parallelStarts = 16
)

// Options are what Manager needs beside the place and the cluster.
type Options struct {
	// Provider is the name of the kind of place; container ids begin with it.
	Provider string
	Clock    clock.WithDelayedExecution
	Log      *slog.Logger
	Host     resolve.Host
}

// Manager is the runtime.Pods of one node over a Runtime.
type Manager struct {
	*runtime.Handed
	rt       runtime.Runtime
	home     runtime.Home
	provider string
	clock    clock.WithDelayedExecution
	log      *slog.Logger
	resolver *resolve.Resolver
	backOff  *flowcontrol.Backoff
	starts   chan struct{}
	changed  chan struct{}
	lookNow  chan struct{}
	settled  chan struct{}
	ctx      context.Context
	tasks    sync.WaitGroup

	mu sync.Mutex
	// look is what the place said last.
	look look
	// begun counts the looks that were begun: what was done before look number n began is seen by it.
	begun int
	// failures in a row, and the last one.
	failures int
	failure  error
	lastLook time.Time
	pods     map[types.UID]*pod
	notify   func(*corev1.Pod)
	// restarts counts containers started again since the agent runs.
	restarts int
}

// New makes a Manager; Run sets it going.
func New(rt runtime.Runtime, home runtime.Home, o Options) *Manager {
	backOff := flowcontrol.NewBackOff(backOffInitial, backOffMax)
	backOff.Clock = o.Clock
	return &Manager{
		Handed: runtime.NewHanded(home.Pods), rt: rt, home: home, provider: o.Provider, clock: o.Clock, log: o.Log,
		resolver: resolve.New(home.Client, home.Events, o.Clock, o.Host),
		backOff:  backOff,
		starts:   make(chan struct{}, parallelStarts),
		changed:  make(chan struct{}, 1),
		lookNow:  make(chan struct{}, 1),
		settled:  make(chan struct{}),
		pods:     map[types.UID]*pod{},
	}
}

// Run looks at the place and works until ctx ends; what runs at the place goes on.
func (m *Manager) Run(ctx context.Context) error {
	m.mu.Lock()
	m.ctx = ctx
	m.mu.Unlock()
	m.lookLoop(ctx)
	// From here on nothing is spawned any more, because ctx has ended.
	m.mu.Lock()
	m.ctx = nil
	m.mu.Unlock()
	m.close()
	m.tasks.Wait()
	return nil
}

// Changed yields a value when Reachable tells something new.
func (m *Manager) Changed() <-chan struct{} { return m.changed }

// Settled is closed when the place has answered, or is known not to: before that Reachable is nobody's word.
func (m *Manager) Settled() <-chan struct{} { return m.settled }

// Capacity is node.yaml's.
func (m *Manager) Capacity() corev1.ResourceList { return nil }

// Reachable is nil as long as the place answers.
func (m *Manager) Reachable() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures >= 2 {
		return m.failure
	}
	return nil
}

// Restarts counts the containers that were started again since the agent runs.
func (m *Manager) Restarts() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.restarts
}

// LastLook is when the loop last came round, whatever the place answered: an agent whose loop hangs is not healthy.
func (m *Manager) LastLook() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lastLook
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
