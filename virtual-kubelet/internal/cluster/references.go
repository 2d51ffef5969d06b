package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

const (
	kindConfigMap = "ConfigMap"
	kindSecret    = "Secret"
)

// reference is a ConfigMap or Secret that a pod names. Optional ones may be missing; mounted ones are those without which a volume cannot be.
type reference struct {
	kind, name        string
	optional, mounted bool
}

// adder takes note of one reference.
type adder func(kind, name string, optional *bool)

// references are all of a pod's, each once, in the order of the specification.
func references(pod *corev1.Pod) []reference {
	var out []reference
	at := map[[2]string]int{}
	add := func(volume bool) adder {
		return func(kind, name string, optional *bool) {
			may := optional != nil && *optional
			i, known := at[[2]string{kind, name}]
			if !known {
				i = len(out)
				at[[2]string{kind, name}] = i
				out = append(out, reference{kind, name, true, false})
			}
			out[i].optional = out[i].optional && may
			out[i].mounted = out[i].mounted || volume && !may
		}
	}
	for i := range pod.Spec.Volumes {
		volumeReferences(&pod.Spec.Volumes[i], add(true))
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			containerReferences(&list[i], add(false))
		}
	}
	return out
}

func volumeReferences(v *corev1.Volume, add adder) {
	switch {
	case v.ConfigMap != nil:
		add(kindConfigMap, v.ConfigMap.Name, v.ConfigMap.Optional)
	case v.Secret != nil:
		add(kindSecret, v.Secret.SecretName, v.Secret.Optional)
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			if s.ConfigMap != nil {
				add(kindConfigMap, s.ConfigMap.Name, s.ConfigMap.Optional)
			}
			if s.Secret != nil {
				add(kindSecret, s.Secret.Name, s.Secret.Optional)
			}
		}
	}
}

func containerReferences(c *corev1.Container, add adder) {
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil {
			add(kindConfigMap, from.ConfigMapRef.Name, from.ConfigMapRef.Optional)
		}
		if from.SecretRef != nil {
			add(kindSecret, from.SecretRef.Name, from.SecretRef.Optional)
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		if ref := e.ValueFrom.ConfigMapKeyRef; ref != nil {
			add(kindConfigMap, ref.Name, ref.Optional)
		}
		if ref := e.ValueFrom.SecretKeyRef; ref != nil {
			add(kindSecret, ref.Name, ref.Optional)
		}
	}
}

// file is one file of a pod's volumes whose content is made here: a token, or a field of the pod. It lies under its key in one Secret.
type file struct {
	key   string
	token *corev1.ServiceAccountTokenProjection
	field string
}

// filesOf are all of a pod's.
func filesOf(pod *corev1.Pod) []file {
	var out []file
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if v.DownwardAPI != nil {
			out = append(out, fieldsOf(v.Name, 0, v.DownwardAPI.Items)...)
		}
		if v.Projected == nil {
			continue
		}
		for j, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil {
				out = append(out, file{key: fileKey(v.Name, j, 0), token: s.ServiceAccountToken})
			}
			if s.DownwardAPI != nil {
				out = append(out, fieldsOf(v.Name, j, s.DownwardAPI.Items)...)
			}
		}
	}
	return out
}

// fieldsOf leaves out what the other cluster tells itself: a container's resources.
func fieldsOf(volume string, source int, items []corev1.DownwardAPIVolumeFile) []file {
	var out []file
	for i, item := range items {
		if item.FieldRef != nil {
			out = append(out, file{key: fileKey(volume, source, i), field: item.FieldRef.FieldPath})
		}
	}
	return out
}

func fileKey(volume string, source, item int) string {
	return fmt.Sprintf("%s.%d.%d", volume, source, item)
}
