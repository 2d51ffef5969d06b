package cri

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func podFrom(t *testing.T, text string) *corev1.Pod {
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(text), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

func TestEverythingThatCannotBeDoneIsListed(t *testing.T) {
	got := (&machine{}).Unsupported(podFrom(t, `
spec:
  runtimeClassName: gvisor
  hostUsers: false
  setHostnameAsFQDN: true
  os: { name: windows }
  resources: { limits: { cpu: "1" } }
  securityContext: { seccompProfile: { type: Localhost, localhostProfile: x }, supplementalGroupsPolicy: Strict }
  volumes:
    - { name: fast, emptyDir: { medium: Memory, sizeLimit: 1Mi } }
    - { name: file, hostPath: { path: /etc/x, type: FileOrCreate } }
  containers:
    - name: main
      resources: { limits: { cpu: "1", memory: 1Mi, hugepages-2Mi: 2Mi, ephemeral-storage: 1Gi } }
      lifecycle: { stopSignal: SIGINT }
      securityContext: { procMount: Unmasked }
      volumeDevices: [{ name: disk, devicePath: /dev/x }]
      volumeMounts:
        - { name: fast, mountPath: /fast, subPath: part, recursiveReadOnly: Enabled }
`))
	var paths []string
	for _, problem := range got {
		path, reason, _ := strings.Cut(problem, ": ")
		if reason == "" {
			t.Errorf("%s has no reason", path)
		}
		paths = append(paths, path)
	}
	want := []string{
		"spec.os.name", "spec.runtimeClassName", "spec.setHostnameAsFQDN", "spec.hostUsers", "spec.resources.limits",
		"spec.securityContext.seccompProfile", "spec.securityContext.supplementalGroupsPolicy",
		"spec.volumes[0].emptyDir.medium", "spec.volumes[0].emptyDir.sizeLimit", "spec.volumes[1].hostPath.type",
		"spec.containers[0].resources.limits[ephemeral-storage]", "spec.containers[0].resources.limits[hugepages-2Mi]",
		"spec.containers[0].volumeDevices", "spec.containers[0].lifecycle.stopSignal", "spec.containers[0].securityContext.procMount",
		"spec.containers[0].volumeMounts[0].recursiveReadOnly", "spec.containers[0].volumeMounts[0].subPath",
	}
	if !slices.Equal(paths, want) {
		t.Errorf("got  %q\nwant %q", paths, want)
	}
}

func TestAnOrdinaryPodIsTaken(t *testing.T) {
	got := (&machine{}).Unsupported(podFrom(t, `
spec:
  hostNetwork: true
  shareProcessNamespace: true
  imagePullSecrets: [{ name: pull }]
  securityContext: { runAsUser: 1000, fsGroup: 2000, seccompProfile: { type: RuntimeDefault } }
  volumes:
    - { name: scratch, emptyDir: {} }
    - { name: settings, configMap: { name: settings } }
    - { name: line, hostPath: { path: /dev/ttyS0, type: CharDevice } }
  containers:
    - name: main
      stdin: true
      tty: true
      ports: [{ containerPort: 80, hostPort: 8080 }]
      resources: { limits: { cpu: "1", memory: 1Mi }, requests: { ephemeral-storage: 1Gi } }
      securityContext: { privileged: true, capabilities: { drop: [ALL] }, readOnlyRootFilesystem: true }
      volumeMounts: [{ name: settings, mountPath: /x, subPath: x }, { name: scratch, mountPath: /s }]
`))
	if len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestAMachineWithAKubeletIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubelet.conf")
	if err := refuseKubelet([]string{file}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refuseKubelet([]string{file}); err == nil || !strings.Contains(err.Error(), file) {
		t.Fatal(err)
	}
}

func TestConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "provider.yaml")
	read := func(text string) (*Config, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return loadConfig(file, "press-7")
	}
	config, err := read("{}")
	if err != nil || config.Socket != "/run/containerd/containerd.sock" || config.Directory != "/var/lib/pulumi-virtual-kubelet/press-7" ||
		config.Logs.MaxFiles != 5 || config.Logs.MaxSize.Value() != 10<<20 {
		t.Errorf("defaults: %+v, %v", config, err)
	}
	for text, want := range map[string]string{
		"socket: containerd.sock": "socket", "directory: /": "directory", "logs: {maxSize: 1Ki}": "logs.maxSize", "logs: {maxFiles: -1}": "logs.maxFiles", "other: 1": "other",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
