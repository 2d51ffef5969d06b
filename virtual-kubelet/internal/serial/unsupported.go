package serial

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/process"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	noExec    = "a device on a serial line runs its containers' own commands only"
	noNetwork = "the device has no network that the agent knows of"
)

// Unsupported is what a process on a device at the end of a line cannot be given, and what is beyond the limits that the device told.
func (d *device) Unsupported(pod *corev1.Pod) []string {
	spec := &pod.Spec
	r := process.Unsupported(spec)
	r.When(spec.DNSConfig != nil || spec.DNSPolicy == corev1.DNSNone, "spec.dnsConfig", noNetwork)
	r.When(len(spec.HostAliases) > 0, "spec.hostAliases", noNetwork)
	r.When(spec.SetHostnameAsFQDN != nil && *spec.SetHostnameAsFQDN, "spec.setHostnameAsFQDN", noNetwork)
	process.Each(spec, func(path string, c *corev1.Container) { container(&r, path, c) })
	if limits := d.limits.Load(); limits != nil {
		beyond(&r, spec, limits)
	}
	return r
}

func container(r *process.Refusals, path string, c *corev1.Container) {
	for _, probe := range []struct {
		name string
		of   *corev1.Probe
	}{{"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe}} {
		// What no place can probe package lifecycle has named.
		r.When(probe.of != nil && probe.of.Exec != nil, path+"."+probe.name, noExec)
	}
	if hooks := c.Lifecycle; hooks != nil {
		r.When(hooks.PostStart != nil && hooks.PostStart.Exec != nil, path+".lifecycle.postStart.exec", noExec)
		r.When(hooks.PreStop != nil && hooks.PreStop.Exec != nil, path+".lifecycle.preStop.exec", noExec)
	}
	for i, variable := range c.Env {
		from := variable.ValueFrom
		address := from != nil && from.FieldRef != nil && strings.HasPrefix(from.FieldRef.FieldPath, "status.podIP")
		r.When(address, fmt.Sprintf("%s.env[%d].valueFrom.fieldRef", path, i), "a pod there has no address")
	}
}

// beyond lists what the pod's specification alone shows to be too much; the content of ConfigMaps and Secrets is seen when it is sent.
func beyond(r *process.Refusals, spec *corev1.PodSpec, limits *limits) {
	// All of a pod's containers may run at a time, and its sidecars with them.
	together := len(spec.Containers)
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			together++
		}
	}
	r.When(together > limits.containers, "spec.containers", fmt.Sprintf("%d run at the same time; the device runs %d (its limit containers)", together, limits.containers))
	for i := range spec.Volumes {
		r.When(limits.files == 0, fmt.Sprintf("spec.volumes[%d]", i), "the device keeps no files (its limit files)")
	}
	process.Each(spec, func(path string, c *corev1.Container) {
		env := make([]runtime.EnvVar, 0, len(c.Env))
		for _, variable := range c.Env {
			env = append(env, runtime.EnvVar{Name: variable.Name, Value: variable.Value})
		}
		document, err := documentOf(&corev1.Pod{Spec: *spec}, runtime.ContainerSpec{Container: c, Env: env}, "/")
		r.When(err != nil, path, fmt.Sprint(err))
		size := len(document.Bytes())
		r.When(size > limits.document, path, fmt.Sprintf("command, arguments and environment have %d bytes; the device takes %d (its limit document)", size, limits.document))
	})
}
