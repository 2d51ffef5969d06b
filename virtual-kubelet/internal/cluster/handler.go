package cluster

import (
	"context"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	corev1 "k8s.io/api/core/v1"
)

// The library's calls are news that something changed: what is wanted is in the cache of the API. So they never fail.

// CreatePod takes note of a pod.
func (p *Place) CreatePod(_ context.Context, pod *corev1.Pod) error {
	p.Take(pod)
	// So that pods that come together share what is read for them, and the resolver forgets them with their records.
	p.record(pod.UID)
	p.resolver.Expect(pod.UID)
	p.queue.Add(keyOf(pod))
	return nil
}

// UpdatePod takes note of a change.
func (p *Place) UpdatePod(ctx context.Context, pod *corev1.Pod) error { return p.CreatePod(ctx, pod) }

// DeletePod takes note of an end; the pod's object goes when the other cluster confirmed it.
func (p *Place) DeletePod(_ context.Context, pod *corev1.Pod) error {
	p.Drop(pod)
	p.queue.Add(keyOf(pod))
	return nil
}

// GetPodStatus is the status that was told last.
func (p *Place) GetPodStatus(ctx context.Context, namespace, name string) (*corev1.PodStatus, error) {
	pod, err := p.GetPod(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	r := p.record(pod.UID)
	r.Lock()
	defer r.Unlock()
	if r.status == nil {
		return nil, errdefs.NotFoundf("pod %s/%s has no status yet", namespace, name)
	}
	return r.status.DeepCopy(), nil
}

// NotifyPods keeps where changes of status are told.
func (p *Place) NotifyPods(_ context.Context, tell func(*corev1.Pod)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notify = tell
}
