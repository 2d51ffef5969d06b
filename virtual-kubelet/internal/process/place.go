// Package process is what a pod is where its containers are processes beside others of a device: what it cannot ask for, where its
// volumes are seen, and what its files are. The providers ssh and serial share it.
package process

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// rootVariable tells a process where its volumes are: a mountPath /etc/app is $CONTAINER_ROOT/etc/app.
const rootVariable = "CONTAINER_ROOT"

// Environment is what a container gets that sees its volumes below root; what comes later wins.
func Environment(pod *corev1.Pod, own []runtime.EnvVar, root string) []runtime.EnvVar {
	hostname := pod.Spec.Hostname
	if hostname == "" {
		hostname = pod.Name
	}
	env := append([]runtime.EnvVar{{Name: "HOSTNAME", Value: hostname}, {Name: rootVariable, Value: root}}, own...)
	for i := range env {
		env[i].Value = rooted(env[i].Value, root)
	}
	return env
}

// Words are a container's command and its arguments.
func Words(c *corev1.Container, root string) []string {
	words := slices.Concat(c.Command, c.Args)
	for i := range words {
		words[i] = rooted(words[i], root)
	}
	return words
}

// rooted replaces the one reference that package lifecycle could not: only here is it known where the volumes are.
func rooted(text, root string) string { return strings.ReplaceAll(text, "$("+rootVariable+")", root) }

// Below is a path of the container as one below its root.
func Below(containerPath string) string {
	return strings.TrimPrefix(path.Clean("/"+containerPath), "/")
}

// Mounted says whether a path lies in one of the container's volumes.
func Mounted(c *corev1.Container, file string) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(mount corev1.VolumeMount) bool { return within(file, mount.MountPath) })
}

// SubPath is a mount's path in its volume; empty: the volume itself.
func SubPath(mount corev1.VolumeMount) (string, error) {
	if path.IsAbs(mount.SubPath) || slices.Contains(strings.Split(mount.SubPath, "/"), "..") {
		return "", fmt.Errorf("%q is no path in the volume", mount.SubPath)
	}
	if clean := path.Clean(mount.SubPath); clean != "." {
		return clean, nil
	}
	return "", nil
}
