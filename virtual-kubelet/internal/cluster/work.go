package cluster

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

const (
	// workers handle that many pods at the same time.
	workers = 8
	// retryFirst and retryLast bound the wait after something failed.
	retryFirst, retryLast = 100 * time.Millisecond, 10 * time.Second
	// syncInterval is the wait for a cache to hear of what was done.
	syncInterval = 200 * time.Millisecond
	// callTimeout bounds what one turn of a pod may take.
	callTimeout = time.Minute
)

// record is what is remembered of one pod between two turns. All of it may be lost with the agent: what counts lies in the two APIs.
type record struct {
	sync.Mutex
	// status is the last one that was computed.
	status *corev1.PodStatus
	// refreshed is when the pod's copies were made or looked at last, and of is what of the pod's own they tell.
	refreshed time.Time
	of        string
	// told once in an event: what the pod asks for and cannot get, and why it is not there.
	refused bool
	why     string
	// last is the pod there as it was seen last.
	last *corev1.Pod
	// finished is set when the object was deleted from the API.
	finished bool
}

func (p *Place) record(uid types.UID) *record {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.records[uid]
	if r == nil {
		r = &record{}
		p.records[uid] = r
	}
	return r
}

// Run looks at the cluster and works until ctx ends; what runs there goes on.
func (p *Place) Run(ctx context.Context) error {
	var tasks sync.WaitGroup
	p.factory.StartWithContext(ctx)
	tasks.Go(func() { p.lookLoop(ctx) })
	tasks.Go(func() {
		if cache.WaitForCacheSync(ctx.Done(), p.synced...) {
			p.kickAll()
		}
	})
	for range workers {
		tasks.Go(func() {
			for p.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	p.queue.ShutDown()
	p.factory.Shutdown()
	tasks.Wait()
	return nil
}

// next handles one pod; a pod is never in two hands.
func (p *Place) next(ctx context.Context) bool {
	k, over := p.queue.Get()
	if over {
		return false
	}
	defer p.queue.Done(k)
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	again, err := p.turn(bounded, k)
	switch {
	case err != nil && ctx.Err() == nil:
		if answered(err) && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			p.log.Warn("a pod could not be handled", "namespace", k.Namespace, "pod", k.Name, "error", err)
		}
		p.queue.AddRateLimited(k)
	default:
		p.queue.Forget(k)
		if again > 0 {
			p.queue.AddAfter(k, again)
		}
	}
	return true
}

// turn does what is to be done next for a pod, and says after what time it wants another one (0: when something changes).
func (p *Place) turn(ctx context.Context, k key) (time.Duration, error) {
	if !p.home.HasSynced() || !p.filled() {
		return syncInterval, nil
	}
	if p.Reachable() != nil {
		// Nothing is known, so nothing is changed. Every pod gets a turn with the next look.
		return 0, nil
	}
	pod := p.find(k)
	there, err := p.pods.Get(unique(k.Name, string(k.UID)))
	if err != nil {
		there = nil
	}
	switch {
	case pod == nil:
		return p.sweep(ctx, k, there)
	case pod.DeletionTimestamp != nil:
		return p.end(ctx, pod, there)
	}
	return p.advance(ctx, pod, there)
}
