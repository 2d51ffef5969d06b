package resolve

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// What a pod refers to, one by one, for a place that resolves references itself and needs copies of what they name.

// ConfigMap reads the data of a ConfigMap that a pod names. A NotFound of the API: there is none.
func (r *Resolver) ConfigMap(ctx context.Context, pod *corev1.Pod, name string) (map[string][]byte, error) {
	o, err := r.configMap(ctx, pod, name)
	if err != nil {
		return nil, err
	}
	return o.data, nil
}

// Secret reads a Secret that a pod names, with its type. A NotFound of the API: there is none.
func (r *Resolver) Secret(ctx context.Context, pod *corev1.Pod, name string) (map[string][]byte, corev1.SecretType, error) {
	o, err := r.secret(ctx, pod, name)
	if err != nil {
		return nil, "", err
	}
	return o.data, o.typ, nil
}

// Token is a service account token that is bound to the pod; the same one until it is due for another.
func (r *Resolver) Token(ctx context.Context, pod *corev1.Pod, p *corev1.ServiceAccountTokenProjection) (string, error) {
	return r.serviceAccountToken(ctx, pod, p)
}

// Field is a field of the pod as the downward API tells it ("metadata.labels['app']"); "status.podIP" is not among them.
func (r *Resolver) Field(pod *corev1.Pod, path string) (string, error) { return r.field(pod, path, "") }

// Missing tells the pod's events about a reference that leads nowhere; an error unless it is optional. kind is "ConfigMap" or "Secret",
// err what reading it gave.
func (r *Resolver) Missing(pod *corev1.Pod, kind, name string, optional *bool, err error) error {
	return r.missing(pod, kind, name, "", optional, err)
}
