package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (p *Place) putSecret(ctx context.Context, object *corev1.Secret) error {
	there, err := p.secrets.Get(object.Name)
	if err == nil && equality.Semantic.DeepEqual(there.Data, object.Data) {
		return nil
	}
	if err == nil {
		next := there.DeepCopy()
		next.Data = object.Data
		_, err = p.api.CoreV1().Secrets(p.namespace).Update(ctx, next, metav1.UpdateOptions{})
	} else {
		_, err = p.api.CoreV1().Secrets(p.namespace).Create(ctx, object, metav1.CreateOptions{})
	}
	return p.put(err, object)
}

func (p *Place) putConfigMap(ctx context.Context, object *corev1.ConfigMap) error {
	there, err := p.configMaps.Get(object.Name)
	if err == nil && equality.Semantic.DeepEqual(there.Data, object.Data) && equality.Semantic.DeepEqual(there.BinaryData, object.BinaryData) {
		return nil
	}
	if err == nil {
		next := there.DeepCopy()
		next.Data, next.BinaryData = object.Data, object.BinaryData
		_, err = p.api.CoreV1().ConfigMaps(p.namespace).Update(ctx, next, metav1.UpdateOptions{})
	} else {
		_, err = p.api.CoreV1().ConfigMaps(p.namespace).Create(ctx, object, metav1.CreateOptions{})
	}
	return p.put(err, object)
}

// put passes on what writing a copy gave. One that is there already while the cache has it not was made a moment ago: the next turn
// compares it.
func (p *Place) put(err error, object metav1.Object) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return p.failed("copying "+object.GetName(), err)
}

func set[V any](m *map[string]V, k string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[k] = v
}
