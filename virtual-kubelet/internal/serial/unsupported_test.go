package serial

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestUnsupportedListsEverything(t *testing.T) {
	yes, user := true, int64(1000)
	pod := podOf("u", "true").Pod
	d := &device{}
	if got := d.Unsupported(pod); len(got) != 0 {
		t.Fatalf("a plain pod: %q", got)
	}
	pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &user}
	pod.Spec.Volumes = []corev1.Volume{
		{Name: "h", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}},
		{Name: "c", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
	}
	pod.Spec.InitContainers = []corev1.Container{{Name: "init"}}
	c := &pod.Spec.Containers[0]
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}
	c.LivenessProbe, c.ReadinessProbe, c.StartupProbe, c.TTY, c.Stdin = probe, probe, probe, true, true
	c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: probe.Exec}, PostStart: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 1}}}
	c.SecurityContext = &corev1.SecurityContext{Privileged: &yes}
	c.Env = []corev1.EnvVar{{Name: "IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}}}
	var paths []string
	for _, refusal := range d.Unsupported(pod) {
		path, reason, _ := strings.Cut(refusal, ": ")
		if reason == "" {
			t.Errorf("%q has no reason", refusal)
		}
		paths = append(paths, path)
	}
	want := []string{
		"spec.securityContext.runAsUser", "spec.volumes[0].hostPath", "spec.initContainers[0].command", "spec.containers[0].stdin",
		"spec.containers[0].tty", "spec.containers[0].securityContext.privileged", "spec.containers[0].livenessProbe",
		"spec.containers[0].readinessProbe", "spec.containers[0].startupProbe", "spec.containers[0].lifecycle.preStop.exec",
		"spec.containers[0].env[0].valueFrom.fieldRef",
	}
	if !slices.Equal(paths, want) {
		t.Errorf("%q", paths)
	}
}

func TestUnsupportedNamesTheLimits(t *testing.T) {
	d := &device{}
	d.limits.Store(&limits{containers: 1, document: 100})
	pod := podOf("u", strings.Repeat("x", 200)).Pod
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "other", Command: []string{"true"}})
	pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	got := strings.Join(d.Unsupported(pod), "\n")
	for _, want := range []string{
		"spec.containers: 2 run at the same time; the device runs 1 (its limit containers)",
		"spec.volumes[0]: the device keeps no files (its limit files)",
		"spec.containers[0]: command, arguments and environment have ",
		"the device takes 100 (its limit document)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if strings.Contains(got, "spec.containers[1]: ") {
		t.Errorf("the other container fits: %q", got)
	}
}
