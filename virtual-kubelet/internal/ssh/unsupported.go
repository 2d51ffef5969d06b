package ssh

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/process"
)

// Unsupported is what a process on the device cannot be given, beside what no process of a device can.
func (d *device) Unsupported(pod *corev1.Pod) []string {
	spec := &pod.Spec
	r := process.Unsupported(spec)
	r.When(spec.OS != nil && spec.OS.Name != corev1.Linux, "spec.os.name", "the device is no other system than its own")
	r.When(spec.DNSConfig != nil, "spec.dnsConfig", "processes use the device's resolver")
	r.When(spec.DNSPolicy == corev1.DNSNone, "spec.dnsPolicy", "processes use the device's resolver")
	r.When(len(spec.HostAliases) > 0, "spec.hostAliases", "processes use the device's /etc/hosts")
	r.When(spec.SetHostnameAsFQDN != nil && *spec.SetHostnameAsFQDN, "spec.setHostnameAsFQDN", "processes have the device's host name")
	process.Each(spec, func(path string, c *corev1.Container) {
		for i, port := range c.Ports {
			other := port.HostPort != 0 && port.HostPort != port.ContainerPort
			r.When(other, fmt.Sprintf("%s.ports[%d].hostPort", path, i), "a process listens on the device itself, so it is the containerPort")
		}
		for i, variable := range c.Env {
			r.When(!variableName.MatchString(variable.Name), fmt.Sprintf("%s.env[%d].name", path, i), "a shell cannot set a variable of such a name")
		}
	})
	return r
}
