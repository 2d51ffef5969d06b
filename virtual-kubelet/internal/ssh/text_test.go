package ssh

import (
	"bufio"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "plain", "it's", `"$HOME" \ ` + "`id`", "two\nlines\n", "-n", "ü\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if strings.Contains(word, "\x00") {
			t.Skip("no argument holds a NUL")
		}
		output, err := exec.Command("/bin/sh", "-c", "printf %s "+quote(word)+" end").Output()
		if err != nil || string(output) != word+"end" {
			t.Errorf("%q became %q (%v)", word, output, err)
		}
	})
}

func TestParse(t *testing.T) {
	states, err := parse(`address 10.0.9.7
pod u1 default web
container main 1 main running 1700000100 0 0
container main 0 main ended 1700000000 1700000050 143
container setup 0 init ended 1700000000 1699999999 1 ContainerCannotRun
message sh: not found
message  indented
pod u2
end
`)
	must(t, err)
	if len(states) != 2 || states[0].Name != "web" || states[0].IP != "10.0.9.7" || states[1].UID != "u2" || states[1].Name != "" {
		t.Fatalf("%+v", states)
	}
	want := []runtime.ContainerState{
		{Name: "main", StartedAt: time.Unix(1700000000, 0), FinishedAt: time.Unix(1700000050, 0), ExitCode: 143, Signal: 15},
		{Name: "setup", Init: true, StartedAt: time.Unix(1700000000, 0), FinishedAt: time.Unix(1700000000, 0), ExitCode: 1, Reason: "ContainerCannotRun", Message: "sh: not found\n indented"},
		{Name: "main", Attempt: 1, Running: true, StartedAt: time.Unix(1700000100, 0)},
	}
	for i, state := range states[0].Containers {
		if state != want[i] {
			t.Errorf("%d: %+v", i, state)
		}
	}
	if _, err := parse("address \npod u1 default web\n"); !errors.Is(err, runtime.ErrUnreachable) {
		t.Errorf("half an answer: %v", err)
	}
	for _, line := range []string{"what", "container main 0 main running 0 0 0", "pod u a b\ncontainer main x main running 0 0 0", "pod u a b\ncontainer main"} {
		if _, err := parse(line + "\nend\n"); err == nil || errors.Is(err, runtime.ErrUnreachable) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestCopyLog(t *testing.T) {
	const log = "1700000000 one\n1700000001  two \n1700000002 \n"
	for want, options := range map[string]runtime.LogOptions{
		"one\n two \n\n":                 {},
		" two \n\n":                      {Since: time.Unix(1700000001, 5)},
		"one\n tw":                       {LimitBytes: 7},
		"one\n two \n":                   {LimitBytes: 10},
		"2023-11-14T22:13:20Z one\n2023": {LimitBytes: 29, Timestamps: true},
	} {
		var output strings.Builder
		err := copyLog(&output, bufio.NewReader(strings.NewReader(log)), options)
		if err != nil && !errors.Is(err, errEnough) || output.String() != want {
			t.Errorf("%+v: %q, %v", options, output.String(), err)
		}
	}
}

func TestUnsupported(t *testing.T) {
	yes, no, uid := true, false, int64(7)
	both := corev1.MountPropagationBidirectional
	refused := &corev1.Pod{Spec: corev1.PodSpec{
		HostUsers: &no, DNSPolicy: corev1.DNSNone, SecurityContext: &corev1.PodSecurityContext{RunAsUser: &uid, RunAsNonRoot: &yes},
		Volumes: []corev1.Volume{
			{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/dev"}}},
			{Name: "memory", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}},
			{Name: "nfs", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}},
		},
		InitContainers: []corev1.Container{{Name: "init", TTY: true}},
		Containers: []corev1.Container{{
			Name: "main", Command: []string{"sh"}, Stdin: true, Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": {}}},
			Env: []corev1.EnvVar{{Name: "a.b"}}, SecurityContext: &corev1.SecurityContext{Privileged: &yes, AllowPrivilegeEscalation: &no},
			VolumeMounts: []corev1.VolumeMount{{Name: "memory", MountPath: "/a", ReadOnly: true}, {Name: "nfs", MountPath: "/a/b", MountPropagation: &both}, {Name: "host", MountPath: "/"}},
			Ports:        []corev1.ContainerPort{{ContainerPort: 80, HostPort: 8080}, {ContainerPort: 80, HostPort: 80}},
		}},
	}}
	got := strings.Join((&device{}).Unsupported(refused), "\n")
	for _, path := range strings.Fields(`spec.hostUsers spec.dnsPolicy spec.securityContext.runAsUser spec.securityContext.runAsNonRoot spec.volumes[0].hostPath
		spec.volumes[1].emptyDir.medium spec.initContainers[0].command spec.initContainers[0].tty spec.containers[0].stdin
		spec.containers[0].resources.limits spec.containers[0].env[0].name spec.containers[0].securityContext.privileged
		spec.containers[0].securityContext.allowPrivilegeEscalation spec.containers[0].volumeMounts[0].readOnly spec.containers[0].volumeMounts[1].mountPath
		spec.containers[0].volumeMounts[1].mountPropagation spec.containers[0].volumeMounts[2].mountPath spec.containers[0].ports[0].hostPort`) {
		if !strings.Contains(got, path+": ") {
			t.Errorf("%s is not refused", path)
		}
	}
	if strings.Contains(got, "ports[1]") {
		t.Error("a host port that is the container's is refused")
	}
	usual := &corev1.Pod{Spec: corev1.PodSpec{
		HostNetwork: true, DNSPolicy: corev1.DNSClusterFirst, SecurityContext: &corev1.PodSecurityContext{}, Hostname: "web-0",
		Volumes: []corev1.Volume{{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}},
		Containers: []corev1.Container{{
			Name: "main", Image: "any", Command: []string{"sh"}, Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": {}}},
			VolumeMounts: []corev1.VolumeMount{{Name: "token", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}},
		}},
	}}
	if got := (&device{}).Unsupported(usual); len(got) > 0 {
		t.Errorf("a usual pod is refused: %q", got)
	}
}
