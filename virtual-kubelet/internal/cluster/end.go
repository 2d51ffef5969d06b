package cluster

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// knownAgain is the wait after a pod turned out to be in the API though the cache has it not.
const knownAgain = 5 * time.Second

// end ends a deleted pod there and, when that is confirmed and its copies are gone, deletes its object here.
func (p *Place) end(ctx context.Context, pod, there *corev1.Pod) (time.Duration, error) {
	r := p.record(pod.UID)
	r.Lock()
	finished := r.finished
	if there != nil {
		r.last = there
	}
	last := r.last
	r.Unlock()
	if finished {
		// Somebody's finalizer keeps the object, or the cache has not heard yet.
		return 0, nil
	}
	if there != nil {
		if !terminal(pod) {
			status := statusOf(pod, there, p.home.NodeAddress)
			// A pod that ends keeps its phase until it is gone.
			status.Phase = pod.Status.Phase
			p.publish(pod, status)
		}
		return 0, p.remove(ctx, there, pod.DeletionGracePeriodSeconds)
	}
	if there, err := p.look(ctx, keyOf(pod)); err != nil || there != nil {
		// The cache has not heard of it yet.
		return syncInterval, p.failed("looking for the pod", err)
	}
	if err := p.removeCopies(ctx, pod.UID); err != nil {
		return 0, err
	}
	final := pod.DeepCopy()
	final.Status = lastStatus(pod, last, p.home.NodeAddress)
	if err := p.home.Finish(ctx, final); err != nil {
		return 0, err
	}
	r.Lock()
	r.finished = true
	r.Unlock()
	return 0, nil
}

// sweep ends what is there of a pod that the API has no more. The cache may be behind (an API server that was restored, another one
// that lags), so the API itself is asked before anything is ended.
func (p *Place) sweep(ctx context.Context, k key, there *corev1.Pod) (time.Duration, error) {
	if there == nil && len(p.copies(k.UID)) == 0 {
		p.forget(k.UID)
		return 0, nil
	}
	if known, err := p.home.Has(ctx, runtime.PodName{UID: k.UID}); known || err != nil {
		return knownAgain, err
	}
	if there != nil {
		p.log.Info("ending a pod that the API does not have", "namespace", k.Namespace, "pod", k.Name, "uid", k.UID)
		return 0, p.remove(ctx, there, nil)
	}
	return 0, p.removeCopies(ctx, k.UID)
}
