package cluster

import (
	"context"
	"maps"
	"slices"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	corev1 "k8s.io/api/core/v1"
)

// The library's calls are news that something changed: what is wanted is in the cache of the API. So they never fail.

// CreatePod takes note of a pod.
func (p *Place) CreatePod(_ context.Context, pod *corev1.Pod) error {
	p.mu.Lock()
	p.handed[pod.Namespace+"/"+pod.Name] = pod
	p.mu.Unlock()
	p.queue.Add(keyOf(pod))
	return nil
}

// UpdatePod takes note of a change.
func (p *Place) UpdatePod(ctx context.Context, pod *corev1.Pod) error { return p.CreatePod(ctx, pod) }

// DeletePod takes note of an end; the pod's object goes when the other cluster confirmed it.
func (p *Place) DeletePod(_ context.Context, pod *corev1.Pod) error {
	p.mu.Lock()
	name := pod.Namespace + "/" + pod.Name
	if kept := p.handed[name]; kept != nil && kept.UID == pod.UID {
		delete(p.handed, name)
	}
	p.mu.Unlock()
	p.queue.Add(keyOf(pod))
	return nil
}

// GetPod is the pod as the library handed it over.
func (p *Place) GetPod(_ context.Context, namespace, name string) (*corev1.Pod, error) {
	p.mu.Lock()
	pod := p.handed[namespace+"/"+name]
	p.mu.Unlock()
	// One whose place another of the same name took is not known: the library hands that one over then.
	if now, err := p.home.Pods.Pods(namespace).Get(name); pod != nil && (err != nil || now.UID == pod.UID) {
		return pod.DeepCopy(), nil
	}
	return nil, errdefs.NotFoundf("pod %s/%s is not known to this node", namespace, name)
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

// GetPods are the pods that the library handed over. What the other cluster has without a pod is swept by this package.
func (p *Place) GetPods(context.Context) ([]*corev1.Pod, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*corev1.Pod
	for _, name := range slices.Sorted(maps.Keys(p.handed)) {
		out = append(out, p.handed[name].DeepCopy())
	}
	return out, nil
}

// NotifyPods keeps where changes of status are told.
func (p *Place) NotifyPods(_ context.Context, tell func(*corev1.Pod)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notify = tell
}
