// Package resolve turns what a pod refers to into values: environment, files of volumes, pull secrets. It reads single objects,
// the ones that the pods of this node name, because a node has no right to more.
package resolve

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
)

// MaxAge is how old a ConfigMap or Secret may be that running pods get to see. A new pod sees nothing that was read before it came: it may
// have come because of what changed. Pods that come together share one read.
const MaxAge = 20 * time.Second

// Host is what the node contributes to a pod's values.
type Host struct {
	// Address is a pod's status.hostIP.
	Address string
	// Allocatable bounds resources that a container does not limit.
	Allocatable corev1.ResourceList
	// APIHost and APIPort are where the agent reaches the API server: service addresses mean nothing where no kube-proxy runs.
	APIHost, APIPort string
}

// Resolver reads for the pods of one node.
type Resolver struct {
	client kubernetes.Interface
	events record.EventRecorder
	clock  clock.PassiveClock
	host   Host

	mu      sync.Mutex
	objects map[key]*object
	tokens  map[tokenKey]*token
	// since is when each pod was first heard of.
	since map[types.UID]time.Time
}

// New makes a Resolver; client has a node's rights.
func New(client kubernetes.Interface, events record.EventRecorder, clock clock.PassiveClock, host Host) *Resolver {
	return &Resolver{
		client: client, events: events, clock: clock, host: host,
		objects: map[key]*object{}, tokens: map[tokenKey]*token{}, since: map[types.UID]time.Time{},
	}
}

// Expect takes note of a pod that came. Reading for it does so too; but of pods that come together only those share reads that all came
// before the first one was read for. Forget drops it.
func (r *Resolver) Expect(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expect(uid)
}

// expect is since when a pod is known. Call with mu held.
func (r *Resolver) expect(uid types.UID) time.Time {
	if _, known := r.since[uid]; !known {
		r.since[uid] = r.clock.Now()
	}
	return r.since[uid]
}

// Forget drops what was kept for a pod that is gone.
func (r *Resolver) Forget(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.since, uid)
	for k := range r.tokens {
		if k.pod == uid {
			delete(r.tokens, k)
		}
	}
}

// Sweep drops objects that were read long ago; to be called now and then.
func (r *Resolver) Sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, o := range r.objects {
		if r.clock.Since(o.readAt) > MaxAge {
			delete(r.objects, k)
		}
	}
}
