package cri

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// refusals collects what cannot be done, each with its path.
type refusals []string

func (r *refusals) when(refused bool, path, reason string, values ...any) {
	if refused {
		*r = append(*r, fmt.Sprintf(path, values...)+": "+reason)
	}
}

const (
	noKubelet  = "a kubelet would do this, and there is none"
	noMeasure  = "nothing measures it there"
	noProfiles = "profiles in files lie with a kubelet; RuntimeDefault and Unconfined can be had"
)

// Unsupported is what needs a kubelet's own hands, or rights that the agent does without.
func (m *machine) Unsupported(pod *corev1.Pod) []string {
	var r refusals
	spec := &pod.Spec
	r.podFields(spec)
	r.podSecurity(spec.SecurityContext)
	for i := range spec.Volumes {
		r.volume(&spec.Volumes[i], i)
	}
	for i := range spec.InitContainers {
		r.container(spec, &spec.InitContainers[i], fmt.Sprintf("spec.initContainers[%d]", i))
	}
	for i := range spec.Containers {
		r.container(spec, &spec.Containers[i], fmt.Sprintf("spec.containers[%d]", i))
	}
	return r
}

func (r *refusals) podFields(spec *corev1.PodSpec) {
	r.when(spec.OS != nil && spec.OS.Name != corev1.Linux, "spec.os.name", "the machine runs Linux")
	r.when(spec.RuntimeClassName != nil && *spec.RuntimeClassName != "", "spec.runtimeClassName", "containers run by the runtime's default handler")
	r.when(is(spec.SetHostnameAsFQDN), "spec.setHostnameAsFQDN", "the machine is not in the cluster's domain")
	r.when(spec.HostUsers != nil && !*spec.HostUsers, "spec.hostUsers", "user namespaces are not mapped")
	r.when(spec.Resources != nil && len(spec.Resources.Limits) > 0, "spec.resources.limits", "limits are set for each container; "+noKubelet)
}

func (r *refusals) podSecurity(context *corev1.PodSecurityContext) {
	if context == nil {
		return
	}
	const path = "spec.securityContext."
	r.when(context.WindowsOptions != nil, path+"windowsOptions", "the machine runs Linux")
	r.when(context.SeccompProfile != nil && context.SeccompProfile.Type == corev1.SeccompProfileTypeLocalhost, path+"seccompProfile", noProfiles)
	strict := context.SupplementalGroupsPolicy != nil && *context.SupplementalGroupsPolicy == corev1.SupplementalGroupsPolicyStrict
	r.when(strict, path+"supplementalGroupsPolicy", "not every runtime has Strict")
}

func (r *refusals) volume(volume *corev1.Volume, i int) {
	if source := volume.EmptyDir; source != nil {
		r.when(source.Medium != "", "spec.volumes[%d].emptyDir.medium", "the agent may not mount; it lies on the machine's disk", i)
		r.when(source.SizeLimit != nil, "spec.volumes[%d].emptyDir.sizeLimit", noMeasure, i)
	}
	if source := volume.HostPath; source != nil && source.Type != nil {
		r.when(*source.Type == corev1.HostPathFileOrCreate, "spec.volumes[%d].hostPath.type", "the agent writes nowhere but in its own directory; a directory the runtime makes", i)
	}
}

// limited are the resources that a container can be held to.
var limited = map[corev1.ResourceName]bool{corev1.ResourceCPU: true, corev1.ResourceMemory: true}

func (r *refusals) container(spec *corev1.PodSpec, c *corev1.Container, path string) {
	for _, name := range slices.Sorted(maps.Keys(c.Resources.Limits)) {
		r.when(!limited[name], "%s.resources.limits[%s]", "only cpu and memory can be limited there", path, name)
	}
	r.when(len(c.Resources.Claims) > 0, path+".resources.claims", "devices are not allocated")
	r.when(len(c.VolumeDevices) > 0, path+".volumeDevices", "there are no persistent volumes; a hostPath may lead to a device")
	r.when(c.Lifecycle != nil && c.Lifecycle.StopSignal != nil, path+".lifecycle.stopSignal", "not every runtime has it; the image's stop signal counts")
	r.security(c.SecurityContext, path+".securityContext")
	for i := range c.VolumeMounts {
		r.mount(spec, &c.VolumeMounts[i], fmt.Sprintf("%s.volumeMounts[%d]", path, i))
	}
}

func (r *refusals) security(context *corev1.SecurityContext, path string) {
	if context == nil {
		return
	}
	r.when(context.WindowsOptions != nil, path+".windowsOptions", "the machine runs Linux")
	r.when(context.SeccompProfile != nil && context.SeccompProfile.Type == corev1.SeccompProfileTypeLocalhost, path+".seccompProfile", noProfiles)
	r.when(context.ProcMount != nil && *context.ProcMount != corev1.DefaultProcMount, path+".procMount", "it is the runtime's default")
}

func (r *refusals) mount(spec *corev1.PodSpec, mount *corev1.VolumeMount, path string) {
	recursive := mount.RecursiveReadOnly != nil && *mount.RecursiveReadOnly != corev1.RecursiveReadOnlyDisabled
	r.when(recursive, path+".recursiveReadOnly", "not every runtime has it")
	if mount.SubPath == "" && mount.SubPathExpr == "" {
		return
	}
	for _, volume := range spec.Volumes {
		writable := volume.Name == mount.Name && (volume.EmptyDir != nil || volume.HostPath != nil)
		r.when(writable, path+".subPath", "a link that a container puts there would lead out of the volume; parts of ConfigMaps, Secrets and projected volumes can be had")
	}
}
