package cluster

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
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
	if known, err := p.known(ctx, k); known || err != nil {
		return knownAgain, err
	}
	if there != nil {
		p.log.Info("ending a pod that the API does not have", "namespace", k.Namespace, "pod", k.Name, "uid", k.UID)
		return 0, p.remove(ctx, there, nil)
	}
	return 0, p.removeCopies(ctx, k.UID)
}

// known asks the API itself, past its caches, whether it has this pod on this node. It is a list because a node may always list its own
// pods, while getting one depends on what the authorizer has heard of so far.
func (p *Place) known(ctx context.Context, k key) (bool, error) {
	own := fields.OneTermEqualSelector("spec.nodeName", p.home.NodeName).String()
	pods, err := p.home.Client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: own})
	if err != nil {
		return false, err
	}
	for i := range pods.Items {
		if pods.Items[i].UID == k.UID {
			return true, nil
		}
	}
	return false, nil
}
