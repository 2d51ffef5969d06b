// Package simulated is a place whose containers start and finish as their pod's annotations say, for scale tests and for trying things
// out. Nothing runs. What was "started" is kept in one small file for each pod, so that an agent that is restarted finds its pods again.
//
// Annotations, each also for one container of the pod as NAME.CONTAINER:
//
//	simulated.virtual-kubelet.io/start-after: 3s     how long a container is being created; default: at once
//	simulated.virtual-kubelet.io/run-for: 10s        how long it runs; default: until it is stopped (init containers: no time at all)
//	simulated.virtual-kubelet.io/exit-code: "1"      what it ends with then; default: 0
//	simulated.virtual-kubelet.io/stop-after: 5s      how long it takes to end when it is asked to; default: at once, never beyond the grace
package simulated

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/yaml"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Prefix of the annotations.
const Prefix = "simulated.virtual-kubelet.io/"

// Config is the provider's file.
type Config struct {
	// Nodes makes NODENAME-0 and so on from one agent, at least 1. Default: one node, named NODENAME itself.
	Nodes int `json:"nodes,omitempty"`
	// Directory keeps the pods' files, a directory for each node. Default: what systemd gives the
	// service ($STATE_DIRECTORY), else /var/lib/pulumi-virtual-kubelet/simulated.
	Directory string `json:"directory,omitempty"`
	// CPUMilli and MemoryBytes are what each running container is said to use. Default: 0, then nothing is said.
	CPUMilli    uint64 `json:"cpuMilli,omitempty"`
	MemoryBytes uint64 `json:"memoryBytes,omitempty"`
}

// Read reads the provider's file; unknown fields are an error.
func Read(file string) (Config, error) {
	c := Config{Directory: os.Getenv("STATE_DIRECTORY")}
	if c.Directory == "" {
		c.Directory = "/var/lib/pulumi-virtual-kubelet/simulated"
	}
	if file == "" {
		return c, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	if c.Nodes < 0 {
		return c, fmt.Errorf("%s: nodes is %d and has to be 1 or more", file, c.Nodes)
	}
	return c, nil
}

// Runtime is the simulated place of one node.
type Runtime struct {
	config    Config
	directory string
	clock     clock.WithDelayedExecution
	changes   chan struct{}

	mu   sync.Mutex
	pods map[types.UID]*pod
}

var _ runtime.Runtime = &Runtime{}

// New makes the place of a node and finds the pods again that it had.
func New(_ context.Context, configFile, nodeName string) (runtime.Runtime, error) {
	config, err := Read(configFile)
	if err != nil {
		return nil, err
	}
	return Open(config, nodeName, clock.RealClock{})
}

// Open is New with a clock of the caller's.
func Open(config Config, nodeName string, clock clock.WithDelayedExecution) (*Runtime, error) {
	r := &Runtime{
		config: config, directory: filepath.Join(config.Directory, nodeName), clock: clock,
		changes: make(chan struct{}, 1), pods: map[types.UID]*pod{},
	}
	if err := os.MkdirAll(r.directory, 0o700); err != nil {
		return nil, err
	}
	return r, r.load()
}

// Unsupported is nothing: what does not run needs nothing.
func (r *Runtime) Unsupported(*corev1.Pod) []string { return nil }

// Changes yields when a container began or ended.
func (r *Runtime) Changes() <-chan struct{} { return r.changes }

// PreparePod takes note of the pod.
func (r *Runtime) PreparePod(_ context.Context, spec runtime.PodSpec) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pods[spec.Pod.UID] != nil {
		return nil
	}
	p := &pod{UID: spec.Pod.UID, Namespace: spec.Pod.Namespace, Name: spec.Pod.Name, IP: address(spec.Pod.UID)}
	r.pods[p.UID] = p
	return r.save(p)
}

// StartContainer begins an attempt; its whole course is known from then on, unless it is stopped.
func (r *Runtime) StartContainer(_ context.Context, spec runtime.PodSpec, c runtime.ContainerSpec) error {
	a, err := course(spec.Pod, c, r.clock.Now())
	if err != nil {
		return runtime.NotStarted{Reason: "CreateContainerConfigError", Message: err.Error()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pods[spec.Pod.UID]
	if p == nil {
		return fmt.Errorf("pod %s: %w", spec.Pod.UID, runtime.ErrNotFound)
	}
	if p.find(a.Name, a.Attempt) != nil {
		return nil
	}
	p.Attempts = append(p.Attempts, a)
	p.prune(a.Name)
	r.wakeAt(a)
	return r.save(p)
}

// StopContainer ends an attempt after its stop-after, and never later than after the grace.
func (r *Runtime) StopContainer(ctx context.Context, id runtime.ContainerID, grace time.Duration) error {
	r.mu.Lock()
	a := r.attempt(id)
	now := r.clock.Now()
	if a == nil || a.ended(now) {
		r.mu.Unlock()
		return nil
	}
	end, code, signal := now.Add(a.StopAfter), 143, 15
	if a.StopAfter > grace {
		end, code, signal = now.Add(grace), 137, 9
	}
	a.End, a.Code, a.Signal = &end, code, signal
	if a.Start.After(end) {
		a.Start = end
	}
	err := r.save(r.pods[id.Pod])
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if wait := end.Sub(now); wait > 0 {
		select {
		case <-r.clock.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.changed()
	return nil
}

// Observe tells how far every container is by now.
func (r *Runtime) Observe(context.Context) ([]runtime.PodState, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	out := make([]runtime.PodState, 0, len(r.pods))
	for _, uid := range slices.Sorted(maps.Keys(r.pods)) {
		out = append(out, r.pods[uid].state(now))
	}
	return out, nil
}

// RemovePod forgets a pod.
func (r *Runtime) RemovePod(_ context.Context, uid types.UID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pods, uid)
	r.changed()
	if err := os.Remove(r.file(uid)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (r *Runtime) attempt(id runtime.ContainerID) *attempt {
	p := r.pods[id.Pod]
	if p == nil {
		return nil
	}
	return p.find(id.Name, id.Attempt)
}

func (r *Runtime) changed() {
	select {
	case r.changes <- struct{}{}:
	default:
	}
}

// wakeAt hints at the moments when the attempt begins and ends.
func (r *Runtime) wakeAt(a *attempt) {
	now := r.clock.Now()
	if wait := a.Start.Sub(now); wait > 0 {
		r.clock.AfterFunc(wait, r.changed)
	}
	if a.End != nil && a.End.After(now) {
		r.clock.AfterFunc(a.End.Sub(now), r.changed)
	}
}
