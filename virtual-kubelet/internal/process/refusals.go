package process

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Refusals collects what a place cannot do in a pod's specification, each with its path.
type Refusals []string

// When adds one, if it is the case.
func (r *Refusals) When(refused bool, path, reason string) {
	if refused {
		*r = append(*r, path+": "+reason)
	}
}

const (
	noBound  = "nothing holds a process to a limit there; leave limits out, requests count for the scheduler"
	oneUser  = "processes run as the one user that the agent has there"
	noModule = "no such protection can be set on a process there"
)

// Unsupported is what a process beside others on a device cannot be given: a place of its own in namespaces, cgroups or under another user.
// What no place can do is package lifecycle's to say.
func Unsupported(spec *corev1.PodSpec) Refusals {
	var r Refusals
	r.When(spec.RuntimeClassName != nil && *spec.RuntimeClassName != "", "spec.runtimeClassName", "there is no container runtime")
	r.When(spec.HostUsers != nil && !*spec.HostUsers, "spec.hostUsers", "there is no user namespace")
	r.When(spec.Resources != nil && len(spec.Resources.Limits) > 0, "spec.resources.limits", noBound)
	r.podSecurity("spec.securityContext", spec.SecurityContext)
	for i := range spec.Volumes {
		r.volume(fmt.Sprintf("spec.volumes[%d]", i), &spec.Volumes[i])
	}
	Each(spec, func(path string, c *corev1.Container) { r.container(path, spec, c) })
	return r
}

// Each calls do for every container, init containers first, with its path.
func Each(spec *corev1.PodSpec, do func(path string, c *corev1.Container)) {
	for i := range spec.InitContainers {
		do(fmt.Sprintf("spec.initContainers[%d]", i), &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		do(fmt.Sprintf("spec.containers[%d]", i), &spec.Containers[i])
	}
}

func (r *Refusals) volume(path string, volume *corev1.Volume) {
	r.When(volume.HostPath != nil, path+".hostPath", "processes see the device's own files; use the path itself")
	if scratch := volume.EmptyDir; scratch != nil {
		r.When(scratch.Medium != "", path+".emptyDir.medium", "it lies where the pod's other files are")
		r.When(scratch.SizeLimit != nil, path+".emptyDir.sizeLimit", "nothing measures it there")
	}
}

func (r *Refusals) container(path string, spec *corev1.PodSpec, c *corev1.Container) {
	r.When(len(c.Command) == 0, path+".command", "is needed, since an image, and so its entrypoint, has no meaning there")
	r.When(c.Stdin, path+".stdin", "a process there has no standard input")
	r.When(c.TTY, path+".tty", "a process there has no terminal")
	r.When(len(c.Resources.Limits) > 0, path+".resources.limits", noBound)
	r.When(len(c.Resources.Claims) > 0, path+".resources.claims", "devices are not allocated")
	r.When(len(c.VolumeDevices) > 0, path+".volumeDevices", "processes see the device's own block devices")
	ended := c.Lifecycle != nil && c.Lifecycle.StopSignal != nil && *c.Lifecycle.StopSignal != corev1.SIGTERM
	r.When(ended, path+".lifecycle.stopSignal", "processes are ended by TERM")
	r.security(path+".securityContext", c.SecurityContext)
	for i := range c.VolumeMounts {
		r.mount(fmt.Sprintf("%s.volumeMounts[%d]", path, i), spec, c, i)
	}
}

func (r *Refusals) mount(path string, spec *corev1.PodSpec, c *corev1.Container, i int) {
	mount := c.VolumeMounts[i]
	for _, volume := range spec.Volumes {
		scratch := volume.Name == mount.Name && volume.EmptyDir != nil
		r.When(scratch && mount.ReadOnly, path+".readOnly", "the pod's containers are one user there, so an emptyDir can be written to by all of them")
	}
	r.When(mount.MountPropagation != nil && *mount.MountPropagation != corev1.MountPropagationNone, path+".mountPropagation", "nothing is mounted there")
	r.When(Below(mount.MountPath) == "", path+".mountPath", "the root itself cannot be a volume")
	for j, other := range c.VolumeMounts {
		r.When(i != j && within(mount.MountPath, other.MountPath), path+".mountPath", "it lies in another volume, "+other.MountPath)
	}
}

func within(file, directory string) bool {
	return strings.HasPrefix("/"+Below(file)+"/", "/"+Below(directory)+"/")
}
