package cluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// copyFiles makes the Secret with what the pod's volumes tell of the pod itself: tokens of its service account, and fields.
func (p *Place) copyFiles(ctx context.Context, pod *corev1.Pod) error {
	there, err := p.secrets.Get(filesName(pod))
	if err != nil {
		there = nil
	}
	data := map[string][]byte{}
	var failures []error
	for _, f := range filesOf(pod) {
		text, err := p.fileText(ctx, pod, f)
		if err == nil {
			data[f.key] = []byte(text)
			continue
		}
		failures = append(failures, missing{fmt.Errorf("file %s: %w", f.key, err), true})
		if there != nil && there.Data[f.key] != nil {
			// The pod goes on with what it has.
			data[f.key] = there.Data[f.key]
		}
	}
	if len(data) == 0 || len(failures) > 0 && there == nil {
		return errors.Join(failures...)
	}
	object := &corev1.Secret{ObjectMeta: p.meta(pod, filesName(pod)), Data: data, Type: corev1.SecretTypeOpaque}
	return errors.Join(append(failures, p.putSecret(ctx, object))...)
}

func (p *Place) fileText(ctx context.Context, pod *corev1.Pod, f file) (string, error) {
	if f.token != nil {
		return p.resolver.Token(ctx, pod, f.token)
	}
	return p.resolver.Field(pod, f.field)
}
