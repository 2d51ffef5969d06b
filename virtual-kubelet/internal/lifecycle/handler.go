package lifecycle

import (
	"context"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	corev1 "k8s.io/api/core/v1"
)

// The library's calls are news that something changed: what is wanted is in the cache of the API. So they never fail, and nothing
// depends on the library trying again.

// CreatePod takes note of a pod.
func (m *Manager) CreatePod(_ context.Context, pod *corev1.Pod) error {
	m.resolver.Expect(pod.UID)
	m.Take(pod)
	m.name(pod.UID, pod.Namespace, pod.Name)
	m.kick(pod.UID)
	return nil
}

// UpdatePod takes note of a change.
func (m *Manager) UpdatePod(ctx context.Context, pod *corev1.Pod) error { return m.CreatePod(ctx, pod) }

// DeletePod takes note of an end; the pod's object goes when the place confirmed it.
func (m *Manager) DeletePod(_ context.Context, pod *corev1.Pod) error {
	m.Drop(pod)
	m.name(pod.UID, pod.Namespace, pod.Name)
	m.kick(pod.UID)
	return nil
}

// GetPodStatus is the status that was told last.
func (m *Manager) GetPodStatus(ctx context.Context, namespace, name string) (*corev1.PodStatus, error) {
	pod, err := m.GetPod(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	p := m.record(pod.UID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == nil {
		return nil, errdefs.NotFoundf("pod %s/%s has no status yet", namespace, name)
	}
	return p.status.DeepCopy(), nil
}

// NotifyPods keeps where changes of status are told.
func (m *Manager) NotifyPods(_ context.Context, tell func(*corev1.Pod)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notify = tell
}
