package cri

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// mounts are a container's volumes, its termination message and its /etc/hosts.
func (m *machine) mounts(pod runtime.PodSpec, c runtime.ContainerSpec, ip string) ([]*runtimeapi.Mount, error) {
	var out []*runtimeapi.Mount
	hosts := true
	for i := range c.Container.VolumeMounts {
		mount, err := m.mount(pod, &c.Container.VolumeMounts[i])
		if err != nil {
			return nil, err
		}
		hosts = hosts && filepath.Clean(mount.ContainerPath) != "/etc/hosts"
		out = append(out, mount)
	}
	message, err := m.messageFile(runtime.ContainerID{Pod: pod.Pod.UID, Name: c.Container.Name, Attempt: c.Attempt})
	if err != nil {
		return nil, err
	}
	out = append(out, &runtimeapi.Mount{HostPath: message, ContainerPath: messageTarget(c.Container)})
	if hosts && (!pod.Pod.Spec.HostNetwork || len(pod.Pod.Spec.HostAliases) > 0) {
		file, err := m.hostsFile(pod, ip)
		if err != nil {
			return nil, err
		}
		out = append(out, &runtimeapi.Mount{HostPath: file, ContainerPath: "/etc/hosts"})
	}
	return out, nil
}

func messageTarget(c *corev1.Container) string {
	if c.TerminationMessagePath == "" {
		return corev1.TerminationMessagePathDefault
	}
	return c.TerminationMessagePath
}

// messageFile is where the container's user, whoever that is, writes its last words.
func (m *machine) messageFile(id runtime.ContainerID) (string, error) {
	file := m.messagePath(id)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return "", err
	}
	return file, os.Chmod(file, 0o666)
}

var propagations = map[corev1.MountPropagationMode]runtimeapi.MountPropagation{
	corev1.MountPropagationNone:            runtimeapi.MountPropagation_PROPAGATION_PRIVATE,
	corev1.MountPropagationHostToContainer: runtimeapi.MountPropagation_PROPAGATION_HOST_TO_CONTAINER,
	corev1.MountPropagationBidirectional:   runtimeapi.MountPropagation_PROPAGATION_BIDIRECTIONAL,
}

func (m *machine) mount(pod runtime.PodSpec, wanted *corev1.VolumeMount) (*runtimeapi.Mount, error) {
	out := &runtimeapi.Mount{ContainerPath: wanted.MountPath, Readonly: wanted.ReadOnly}
	if !filepath.IsAbs(out.ContainerPath) {
		out.ContainerPath = "/" + out.ContainerPath
	}
	if wanted.MountPropagation != nil {
		out.Propagation = propagations[*wanted.MountPropagation]
	}
	for i := range pod.Pod.Spec.Volumes {
		volume := &pod.Pod.Spec.Volumes[i]
		if volume.Name != wanted.Name {
			continue
		}
		if volume.HostPath != nil {
			out.HostPath = volume.HostPath.Path
			return out, checkHostPath(volume.HostPath)
		}
		out.Readonly = out.Readonly || pod.Volumes[volume.Name].ReadOnly
		path, err := within(m.volumeDirectory(pod.Pod.UID, volume.Name), wanted.SubPath)
		out.HostPath = path
		return out, err
	}
	return nil, notConfigured("there is no volume %s", wanted.Name)
}

// within follows the agent's own links to a part of a volume that containers cannot write to.
func within(directory, part string) (string, error) {
	if part == "" {
		return directory, nil
	}
	path, err := filepath.EvalSymlinks(filepath.Join(directory, part))
	if err != nil {
		return "", notConfigured("subPath %s: %v", part, err)
	}
	if !strings.HasPrefix(path, directory+"/") {
		return "", notConfigured("subPath %s leads out of the volume", part)
	}
	return path, nil
}

// checkHostPath holds a path of the machine to its type. What is missing and may be, the runtime makes, as a directory.
func checkHostPath(source *corev1.HostPathVolumeSource) error {
	if source.Type == nil {
		return nil
	}
	var wanted func(os.FileMode) bool
	switch *source.Type {
	case corev1.HostPathDirectory:
		wanted = os.FileMode.IsDir
	case corev1.HostPathFile:
		wanted = os.FileMode.IsRegular
	case corev1.HostPathSocket:
		wanted = func(mode os.FileMode) bool { return mode&os.ModeSocket != 0 }
	case corev1.HostPathCharDev:
		wanted = func(mode os.FileMode) bool { return mode&os.ModeCharDevice != 0 }
	case corev1.HostPathBlockDev:
		wanted = func(mode os.FileMode) bool { return mode&os.ModeDevice != 0 && mode&os.ModeCharDevice == 0 }
	default:
		return nil
	}
	info, err := os.Stat(source.Path)
	if err != nil {
		return notConfigured("hostPath type check failed: %v", err)
	}
	if !wanted(info.Mode()) {
		return notConfigured("hostPath type check failed: %s is no %s", source.Path, *source.Type)
	}
	return nil
}

// notConfigured is what a kubelet calls a container that cannot be made as its pod says.
func notConfigured(message string, values ...any) error {
	return runtime.NotStarted{Reason: "CreateContainerConfigError", Message: fmt.Sprintf(message, values...)}
}
