package process

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func TestSubPathStaysInTheVolume(t *testing.T) {
	for sub, want := range map[string]string{"": "", ".": "", "a": "a", "a//b/": "a/b", "..a": "..a"} {
		if got, err := SubPath(corev1.VolumeMount{SubPath: sub}); got != want || err != nil {
			t.Errorf("%q: %q, %v", sub, got, err)
		}
	}
	for _, sub := range []string{"..", "a/../b", "/a"} {
		if _, err := SubPath(corev1.VolumeMount{SubPath: sub}); err == nil {
			t.Errorf("%q is taken", sub)
		}
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	files, err := Files("v", map[string]runtime.File{"b/../c": {Mode: 0o755}, "a": {Content: []byte("x")}, "d": {Mode: 0o044}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		got = append(got, file.Path)
	}
	if !slices.Equal(got, []string{"a", "c", "d"}) || files[0].Mode != 0o600 || files[1].Mode != 0o700 || files[2].Mode != 0o400 {
		t.Errorf("%v", files)
	}
	for _, name := range []string{"/etc/passwd", "..", "a/../../b", ".", "a\x00b"} {
		if _, err := Files("v", map[string]runtime.File{name: {}}); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestVersionTellsContentAndMode(t *testing.T) {
	seen := map[string]bool{}
	for _, files := range []map[string]runtime.File{
		{}, {"a": {}}, {"b": {}}, {"a": {Content: []byte("x")}}, {"a": {Content: []byte("x"), Mode: 0o755}}, {"a": {}, "b": {}},
	} {
		seen[Version(files)] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d versions of 6", len(seen))
	}
	if Version(map[string]runtime.File{"a": {}, "b": {}}) != Version(map[string]runtime.File{"b": {}, "a": {}}) {
		t.Error("the same files have two versions")
	}
}

func TestVolumesNameTheOneThatFails(t *testing.T) {
	pod := runtime.PodSpec{Pod: &corev1.Pod{}, Volumes: map[string]runtime.Volume{"settings": {}}}
	pod.Pod.Spec.Volumes = []corev1.Volume{{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}, {Name: "settings"}}
	var seen []string
	scratch := func(name string) error { seen = append(seen, "scratch "+name); return nil }
	failing := func(name string, _ map[string]runtime.File) error {
		seen = append(seen, "files "+name)
		return errors.New("the disk is full")
	}
	err := Volumes(pod, scratch, failing)
	if err == nil || err.Error() != "spec.volumes[1]: the disk is full" || strings.Join(seen, ", ") != "scratch work, files settings" {
		t.Errorf("%v after %v", err, seen)
	}
	delete(pod.Volumes, "settings")
	if err := Volumes(pod, scratch, failing); err == nil || !strings.Contains(err.Error(), "nothing is known of volume settings") {
		t.Errorf("%v", err)
	}
}
