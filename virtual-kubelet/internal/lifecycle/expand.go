package lifecycle

import (
	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// expanded is the container with $(NAME) replaced in its command and arguments.
func expanded(c *corev1.Container, env []runtime.EnvVar) *corev1.Container {
	values := make(map[string]string, len(env))
	for _, e := range env {
		values[e.Name] = e.Value
	}
	c = c.DeepCopy()
	for _, list := range [][]string{c.Command, c.Args} {
		for i := range list {
			list[i] = resolve.Expand(list[i], values)
		}
	}
	for i := range c.VolumeMounts {
		if mount := &c.VolumeMounts[i]; mount.SubPathExpr != "" {
			mount.SubPath, mount.SubPathExpr = resolve.Expand(mount.SubPathExpr, values), ""
		}
	}
	return c
}
