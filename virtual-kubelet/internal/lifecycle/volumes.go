package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func hasFiles(api *corev1.Pod) bool { return slices.ContainsFunc(api.Spec.Volumes, isFiles) }

func isFiles(v corev1.Volume) bool {
	return v.ConfigMap != nil || v.Secret != nil || v.DownwardAPI != nil || v.Projected != nil
}

// hasVolumes says whether the place has all volumes of a pod: a container is started when it has.
func hasVolumes(t turn) bool { return len(t.state.Containers) > 0 }

// resolved is the pod with the content of its volumes. Where the place has all of them already, each is resolved by itself, as a kubelet
// does: one that cannot be is left out, of the pod too, and places leave alone what they are not given. The error says why.
func (m *Manager) resolved(ctx context.Context, t turn) (runtime.PodSpec, error) {
	if !hasVolumes(t) {
		all, err := m.resolver.Volumes(ctx, t.api, t.state.IP)
		return runtime.PodSpec{Pod: t.api, Volumes: all}, err
	}
	pod, one := *t.api, *t.api
	pod.Spec.Volumes = nil
	content := map[string]runtime.Volume{}
	var left []error
	for i := range t.api.Spec.Volumes {
		one.Spec.Volumes = t.api.Spec.Volumes[i : i+1]
		volume, err := m.resolver.Volumes(ctx, &one, t.state.IP)
		if err != nil {
			left = append(left, err)
			continue
		}
		maps.Copy(content, volume)
		pod.Spec.Volumes = append(pod.Spec.Volumes, one.Spec.Volumes...)
	}
	return runtime.PodSpec{Pod: &pod, Volumes: content}, errors.Join(left...)
}

// whole is the pod with the volumes again that were left out: containers are started with all of them.
func whole(given runtime.PodSpec, t turn) runtime.PodSpec {
	given.Pod, given.Volumes = t.api, maps.Clone(given.Volumes)
	for _, v := range t.api.Spec.Volumes {
		if _, resolved := given.Volumes[v.Name]; !resolved && isFiles(v) {
			given.Volumes[v.Name] = runtime.Volume{ReadOnly: true}
		}
	}
	return given
}

// hashOf tells whether files changed; map keys are sorted by the encoding.
func hashOf(volumes map[string]runtime.Volume) string {
	text, err := json.Marshal(volumes)
	if err != nil {
		// Volumes are maps, bytes and numbers: there is nothing in them that cannot be encoded.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
