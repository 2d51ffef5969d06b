package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// find gets the pod from the cache of the API, if it is still that one and not another of the same name.
func (p *Place) find(k key) *corev1.Pod {
	pod, err := p.home.Pods.Pods(k.Namespace).Get(k.Name)
	if err != nil || pod.UID != k.UID {
		return nil
	}
	return pod
}

// look asks the other API itself for a pod: nil says that it is not there.
func (p *Place) look(ctx context.Context, k key) (*corev1.Pod, error) {
	there, err := p.api.CoreV1().Pods(p.namespace).Get(ctx, unique(k.Name, string(k.UID)), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return there, err
}

// kickAll gives every pod of either cluster a turn, and whatever copies are of. A pod that is in neither is forgotten.
func (p *Place) kickAll() {
	if !p.home.HasSynced() || !p.filled() {
		return
	}
	p.resolver.Sweep()
	// Before the lists: who is remembered only now came after them, or is in them.
	gone := p.remembered()
	pods, err := p.home.Pods.List(labels.Everything())
	if err != nil {
		return
	}
	for _, pod := range pods {
		p.queue.Add(keyOf(pod))
		delete(gone, pod.UID)
	}
	for _, object := range p.everything() {
		k := homeKey(object)
		p.queue.Add(k)
		delete(gone, k.UID)
	}
	for uid := range gone {
		p.forget(uid)
	}
}

// remembered are the pods that something is kept of.
func (p *Place) remembered() map[types.UID]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[types.UID]bool{}
	for uid := range p.records {
		out[uid] = true
	}
	for uid := range p.used {
		out[uid] = true
	}
	return out
}

// everything that the node has there.
func (p *Place) everything() []metav1.Object {
	var out []metav1.Object
	if pods, err := p.pods.List(labels.Everything()); err == nil {
		out = appendObjects(out, pods)
	}
	if configMaps, err := p.configMaps.List(labels.Everything()); err == nil {
		out = appendObjects(out, configMaps)
	}
	if secrets, err := p.secrets.List(labels.Everything()); err == nil {
		out = appendObjects(out, secrets)
	}
	return out
}

func appendObjects[T metav1.Object](to []metav1.Object, objects []T) []metav1.Object {
	for _, o := range objects {
		to = append(to, o)
	}
	return to
}
