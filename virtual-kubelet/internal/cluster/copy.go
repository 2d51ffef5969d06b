package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refreshInterval is the age at which a running pod's copies are compared with what they are of.
const refreshInterval = time.Minute

// missing is a reference that leads nowhere, or that cannot be read here. A kubelet misses those of volumes before it makes the pod, and
// those of the environment when it makes a container.
type missing struct {
	error
	mounted bool
}

// isMissing says whether nothing went wrong but that something is missing.
func isMissing(err error) bool { return allMissing(err, func(missing) bool { return true }) }

func allMissing(err error, is func(missing) bool) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(err error) bool { return !allMissing(err, is) })
	}
	var m missing
	return errors.As(err, &m) && is(m)
}

// refresh puts right what is copied for a running pod when it is time, or when fields changed that files tell. A pod goes on with the
// copies that it has where something can no longer be read.
func (p *Place) refresh(ctx context.Context, pod *corev1.Pod) error {
	r := p.record(pod.UID)
	of := fmt.Sprint(pod.Labels, pod.Annotations)
	r.Lock()
	due := r.of != of || time.Since(r.refreshed) >= refreshInterval
	r.Unlock()
	if !due {
		return nil
	}
	err := p.copy(ctx, pod)
	if isMissing(err) {
		p.log.Warn("the copies for a pod could not be refreshed", "namespace", pod.Namespace, "pod", pod.Name, "error", err)
		err = nil
	}
	if err == nil {
		r.Lock()
		r.refreshed, r.of = time.Now(), of
		r.Unlock()
	}
	return err
}

// copy makes everything there that the pod refers to, as it is now. What fails keeps nothing else from being copied: a running pod
// needs its tokens whatever became of a Secret.
func (p *Place) copy(ctx context.Context, pod *corev1.Pod) error {
	var failures []error
	for _, ref := range references(pod) {
		failures = append(failures, p.copyOne(ctx, pod, ref))
	}
	for _, ref := range pod.Spec.ImagePullSecrets {
		// One that is missing is told in an event and left out, as a kubelet does: the image may well be public.
		failures = append(failures, p.copyOne(ctx, pod, reference{kind: kindSecret, name: ref.Name, optional: true}))
	}
	return errors.Join(append(failures, p.copyFiles(ctx, pod))...)
}

func (p *Place) copyOne(ctx context.Context, pod *corev1.Pod, ref reference) error {
	meta := p.meta(pod, copyName(pod.UID, ref.name))
	if ref.kind == kindSecret {
		data, kind, err := p.resolver.Secret(ctx, pod, ref.name)
		if err != nil {
			return p.absent(pod, ref, err)
		}
		if kind != corev1.SecretTypeDockerConfigJson && kind != corev1.SecretTypeDockercfg {
			// Others bind a Secret to things of its own cluster, and mean nothing to a pod.
			kind = corev1.SecretTypeOpaque
		}
		return p.putSecret(ctx, &corev1.Secret{ObjectMeta: meta, Data: data, Type: kind})
	}
	data, err := p.resolver.ConfigMap(ctx, pod, ref.name)
	if err != nil {
		return p.absent(pod, ref, err)
	}
	object := &corev1.ConfigMap{ObjectMeta: meta}
	for k, v := range data {
		if utf8.Valid(v) {
			set(&object.Data, k, string(v))
		} else {
			set(&object.BinaryData, k, v)
		}
	}
	return p.putConfigMap(ctx, object)
}

func (p *Place) absent(pod *corev1.Pod, ref reference, err error) error {
	if err = p.resolver.Missing(pod, ref.kind, ref.name, &ref.optional, err); err != nil {
		return missing{err, ref.mounted}
	}
	return nil
}

func (p *Place) meta(pod *corev1.Pod, name string) metav1.ObjectMeta {
	labels := maps.Clone(p.own)
	labels[labelPod] = string(pod.UID)
	return metav1.ObjectMeta{
		Name: name, Namespace: p.namespace, Labels: labels, Annotations: map[string]string{annotationPod: pod.Namespace + "/" + pod.Name},
	}
}
