package resolve

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type key struct{ kind, namespace, name string }

type object struct {
	data map[string][]byte
	typ  corev1.SecretType
	err  error
	// readAt is when the API was asked: what changed after that may not be in it.
	readAt time.Time
}

func (r *Resolver) configMap(ctx context.Context, pod *corev1.Pod, name string) (*object, error) {
	return r.read(pod.UID, key{"configmap", pod.Namespace, name}, func() (*object, error) {
		m, err := r.client.CoreV1().ConfigMaps(pod.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		data := make(map[string][]byte, len(m.Data)+len(m.BinaryData))
		for k, v := range m.Data {
			data[k] = []byte(v)
		}
		for k, v := range m.BinaryData {
			data[k] = v
		}
		return &object{data: data}, nil
	})
}

func (r *Resolver) secret(ctx context.Context, pod *corev1.Pod, name string) (*object, error) {
	return r.read(pod.UID, key{"secret", pod.Namespace, name}, func() (*object, error) {
		s, err := r.client.CoreV1().Secrets(pod.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return &object{data: s.Data, typ: s.Type}, nil
	})
}

// read answers from what was read lately, absence included; other failures are not kept.
func (r *Resolver) read(pod types.UID, k key, get func() (*object, error)) (*object, error) {
	r.mu.Lock()
	since := r.expect(pod)
	kept := r.objects[k]
	r.mu.Unlock()
	if kept != nil && !kept.readAt.Before(since) && r.fresh(kept) {
		return kept, kept.err
	}
	asked := r.clock.Now()
	o, err := get()
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	if o == nil {
		o = &object{err: err}
	}
	o.readAt = asked
	r.mu.Lock()
	r.objects[k] = o
	r.mu.Unlock()
	return o, o.err
}

// fresh says whether a pod that runs may see it. An absent object is asked for again soon: somebody may be about to create it.
func (r *Resolver) fresh(kept *object) bool {
	if kept.err != nil {
		return r.clock.Since(kept.readAt) < time.Second
	}
	return r.clock.Since(kept.readAt) < MaxAge
}
