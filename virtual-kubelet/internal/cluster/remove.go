package cluster

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// remove asks for a pod's end there, within the grace (nil: the pod's own); once more when the grace got shorter.
func (p *Place) remove(ctx context.Context, there *corev1.Pod, grace *int64) error {
	if there.DeletionTimestamp != nil {
		left := there.DeletionGracePeriodSeconds
		if grace == nil || left == nil || *left <= *grace {
			return nil
		}
	}
	if grace != nil && *grace < 1 {
		// Without any grace the object would go before the containers have ended.
		one := int64(1)
		if left := there.DeletionGracePeriodSeconds; left != nil && *left <= one {
			return nil
		}
		grace = &one
	}
	err := p.api.CoreV1().Pods(p.namespace).Delete(ctx, there.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: metav1.NewUIDPreconditions(string(there.UID)),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return p.failed("deleting the pod", err)
}

// copies are the objects there that were copied for a pod.
func (p *Place) copies(uid types.UID) []metav1.Object {
	of := labels.SelectorFromSet(labels.Set{labelPod: string(uid)})
	var out []metav1.Object
	if configMaps, err := p.configMaps.List(of); err == nil {
		out = appendObjects(out, configMaps)
	}
	if secrets, err := p.secrets.List(of); err == nil {
		out = appendObjects(out, secrets)
	}
	return out
}

func (p *Place) removeCopies(ctx context.Context, uid types.UID) error {
	var failures []error
	for _, object := range p.copies(uid) {
		failures = append(failures, p.removeCopy(ctx, object))
	}
	return errors.Join(failures...)
}

func (p *Place) forget(uid types.UID) {
	p.mu.Lock()
	delete(p.records, uid)
	delete(p.used, uid)
	p.mu.Unlock()
	p.resolver.Forget(uid)
}
