package cri

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func TestImagesThatWereThereUnderAnotherNameStay(t *testing.T) {
	f := &fake{
		images:   map[string]string{"owner.example/press:mine": "sha256:same", "hall.example/old:1": "sha256:before"},
		registry: map[string]string{"hall.example/press:1": "sha256:same", "hall.example/saw:1": "sha256:saw", "hall.example/old:1": "sha256:after"},
	}
	m, rt := f.connected(t)
	for image := range f.registry {
		// Twice, because what is ours after the first pull is there before the second.
		for range 2 {
			got, err := m.image(t.Context(), rt, runtime.PodSpec{}, &corev1.Container{Image: image, ImagePullPolicy: corev1.PullAlways}, nil)
			if err != nil || got.GetId() != f.registry[image] {
				t.Fatal(image, got, err)
			}
		}
	}
	ids, err := m.images.oldest()
	if err != nil || len(ids) != 2 {
		t.Errorf("the node's own: %q, %v", ids, err)
	}
	if err := m.removeImages(t.Context(), rt, func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := map[string]string{"owner.example/press:mine": "sha256:same", "hall.example/press:1": "sha256:same"}; !maps.Equal(f.images, want) {
		t.Errorf("left are %v", f.images)
	}
}
