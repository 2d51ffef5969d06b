package runtime

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	corev1 "k8s.io/api/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// Handed are the pods of a node as the library handed them over, and its answers when the library asks for them.
type Handed struct {
	lister corelisters.PodLister

	mu sync.Mutex
	// pods by namespace/name.
	pods map[string]*corev1.Pod
}

// NewHanded gets the node's pods as the API has them.
func NewHanded(lister corelisters.PodLister) *Handed {
	return &Handed{lister: lister, pods: map[string]*corev1.Pod{}}
}

// Take keeps a pod, in place of what there was of its name.
func (h *Handed) Take(pod *corev1.Pod) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pods[pod.Namespace+"/"+pod.Name] = pod
}

// Drop forgets a pod, but not another one that has its name by now.
func (h *Handed) Drop(pod *corev1.Pod) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := pod.Namespace + "/" + pod.Name
	if kept := h.pods[name]; kept != nil && kept.UID == pod.UID {
		delete(h.pods, name)
	}
}

// GetPod is the pod as the library handed it over.
func (h *Handed) GetPod(_ context.Context, namespace, name string) (*corev1.Pod, error) {
	h.mu.Lock()
	pod := h.pods[namespace+"/"+name]
	h.mu.Unlock()
	// One whose place another of the same name took is not known: the library hands that one over then.
	if now, err := h.lister.Pods(namespace).Get(name); pod != nil && (err != nil || now.UID == pod.UID) {
		return pod.DeepCopy(), nil
	}
	return nil, errdefs.NotFoundf("pod %s/%s is not known to this node", namespace, name)
}

// GetPods are the pods that the library handed over. What a place has without a pod is swept by whoever runs it.
func (h *Handed) GetPods(context.Context) ([]*corev1.Pod, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*corev1.Pod
	for _, name := range slices.Sorted(maps.Keys(h.pods)) {
		out = append(out, h.pods[name].DeepCopy())
	}
	return out, nil
}
