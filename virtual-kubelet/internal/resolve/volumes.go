package resolve

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const defaultMode = 0o644

// Volumes are the pod's directories by name: those made of ConfigMaps, Secrets, the downward API, tokens, and empty ones.
// Other kinds are the place's own business and not among them.
func (r *Resolver) Volumes(ctx context.Context, pod *corev1.Pod, podIP string) (map[string]runtime.Volume, error) {
	volumes := map[string]runtime.Volume{}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if v.EmptyDir != nil {
			volumes[v.Name] = runtime.Volume{}
			continue
		}
		files := map[string]runtime.File{}
		known, err := r.fill(ctx, pod, v, podIP, files)
		if err != nil {
			return nil, fmt.Errorf("volume %q: %w", v.Name, err)
		}
		if known {
			volumes[v.Name] = runtime.Volume{Files: files, ReadOnly: true}
		}
	}
	return volumes, nil
}

func (r *Resolver) fill(ctx context.Context, pod *corev1.Pod, v *corev1.Volume, podIP string, files map[string]runtime.File) (known bool, err error) {
	switch {
	case v.ConfigMap != nil:
		s := v.ConfigMap
		o, err := r.configMap(ctx, pod, s.Name)
		return true, r.keys(pod, "ConfigMap", s.Name, s.Optional, s.Items, mode(s.DefaultMode), o, err, files)
	case v.Secret != nil:
		s := v.Secret
		o, err := r.secret(ctx, pod, s.SecretName)
		return true, r.keys(pod, "Secret", s.SecretName, s.Optional, s.Items, mode(s.DefaultMode), o, err, files)
	case v.DownwardAPI != nil:
		return true, r.downward(pod, v.DownwardAPI.Items, mode(v.DownwardAPI.DefaultMode), podIP, files)
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			if err := r.project(ctx, pod, &v.Projected.Sources[i], mode(v.Projected.DefaultMode), podIP, files); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	return false, nil
}

func (r *Resolver) project(ctx context.Context, pod *corev1.Pod, s *corev1.VolumeProjection, mode uint32, podIP string, files map[string]runtime.File) error {
	switch {
	case s.ConfigMap != nil:
		o, err := r.configMap(ctx, pod, s.ConfigMap.Name)
		return r.keys(pod, "ConfigMap", s.ConfigMap.Name, s.ConfigMap.Optional, s.ConfigMap.Items, mode, o, err, files)
	case s.Secret != nil:
		o, err := r.secret(ctx, pod, s.Secret.Name)
		return r.keys(pod, "Secret", s.Secret.Name, s.Secret.Optional, s.Secret.Items, mode, o, err, files)
	case s.DownwardAPI != nil:
		return r.downward(pod, s.DownwardAPI.Items, mode, podIP, files)
	case s.ServiceAccountToken != nil:
		text, err := r.serviceAccountToken(ctx, pod, s.ServiceAccountToken)
		if err != nil {
			return fmt.Errorf("token of service account %s: %w", serviceAccount(pod), err)
		}
		files[s.ServiceAccountToken.Path] = runtime.File{Content: []byte(text), Mode: mode}
		return nil
	}
	return fmt.Errorf("it has a projection of a kind that this agent does not know")
}

// keys puts an object's keys into files: all of them under their names, or the items under their paths.
func (r *Resolver) keys(pod *corev1.Pod, kind, name string, optional *bool, items []corev1.KeyToPath, mode uint32, o *object, err error, files map[string]runtime.File) error {
	if err != nil {
		return r.missing(pod, kind, name, "", optional, err)
	}
	if len(items) == 0 {
		for k, v := range o.data {
			files[k] = runtime.File{Content: v, Mode: mode}
		}
	}
	for _, item := range items {
		content, ok := o.data[item.Key]
		if !ok {
			if err := r.missing(pod, kind, name, item.Key, optional, nil); err != nil {
				return err
			}
			continue
		}
		files[item.Path] = runtime.File{Content: content, Mode: itemMode(item.Mode, mode)}
	}
	return nil
}

func (r *Resolver) downward(pod *corev1.Pod, items []corev1.DownwardAPIVolumeFile, mode uint32, podIP string, files map[string]runtime.File) error {
	for _, item := range items {
		var (
			text string
			err  error
		)
		if item.FieldRef != nil {
			text, err = r.field(pod, item.FieldRef.FieldPath, podIP)
		} else if item.ResourceFieldRef != nil {
			text, err = r.resource(pod, item.ResourceFieldRef, item.ResourceFieldRef.ContainerName)
		}
		if err != nil {
			return fmt.Errorf("file %s: %w", item.Path, err)
		}
		files[item.Path] = runtime.File{Content: []byte(text), Mode: itemMode(item.Mode, mode)}
	}
	return nil
}

func mode(m *int32) uint32 { return itemMode(m, defaultMode) }

func itemMode(m *int32, otherwise uint32) uint32 {
	if m == nil {
		return otherwise
	}
	return uint32(*m)
}
