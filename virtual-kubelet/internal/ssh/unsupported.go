package ssh

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// refusals collects what cannot be done, each with its path.
type refusals []string

func (r *refusals) when(refused bool, path, reason string, values ...any) {
	if refused {
		*r = append(*r, fmt.Sprintf(path, values...)+": "+reason)
	}
}

// Unsupported is what a process beside others on a device cannot be given: a place of its own in namespaces, cgroups or under another user.
func (d *device) Unsupported(pod *corev1.Pod) []string {
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
	r.when(spec.OS != nil && spec.OS.Name != corev1.Linux, "spec.os.name", "the device is no other system than its own")
	r.when(spec.RuntimeClassName != nil && *spec.RuntimeClassName != "", "spec.runtimeClassName", "there is no container runtime")
	r.when(spec.DNSConfig != nil, "spec.dnsConfig", "processes use the device's resolver")
	r.when(spec.DNSPolicy == corev1.DNSNone, "spec.dnsPolicy", "processes use the device's resolver")
	r.when(len(spec.HostAliases) > 0, "spec.hostAliases", "processes use the device's /etc/hosts")
	r.when(spec.SetHostnameAsFQDN != nil && *spec.SetHostnameAsFQDN, "spec.setHostnameAsFQDN", "processes have the device's host name")
	r.when(spec.HostUsers != nil && !*spec.HostUsers, "spec.hostUsers", "there is no user namespace")
	r.when(len(spec.ResourceClaims) > 0, "spec.resourceClaims", "devices are not allocated")
	r.when(spec.Resources != nil && len(spec.Resources.Limits) > 0, "spec.resources.limits", noLimits)
}

const (
	noLimits = "nothing holds a process to a limit there; leave limits out, requests count for the scheduler"
	oneUser  = "processes run as the user that the agent logs in as"
	noModule = "no such protection can be set on a process there"
)

func (r *refusals) podSecurity(context *corev1.PodSecurityContext) {
	if context == nil {
		return
	}
	const path = "spec.securityContext."
	r.when(context.RunAsUser != nil, path+"runAsUser", oneUser)
	r.when(context.RunAsGroup != nil, path+"runAsGroup", oneUser)
	r.when(context.RunAsNonRoot != nil && *context.RunAsNonRoot, path+"runAsNonRoot", oneUser)
	r.when(len(context.SupplementalGroups) > 0, path+"supplementalGroups", oneUser)
	r.when(context.FSGroup != nil, path+"fsGroup", oneUser)
	r.when(len(context.Sysctls) > 0, path+"sysctls", "they would be the whole device's")
	r.when(context.SELinuxOptions != nil, path+"seLinuxOptions", noModule)
	r.when(context.WindowsOptions != nil, path+"windowsOptions", noModule)
	r.when(confined(context.SeccompProfile), path+"seccompProfile", noModule)
	r.when(context.AppArmorProfile != nil && context.AppArmorProfile.Type != corev1.AppArmorProfileTypeUnconfined, path+"appArmorProfile", noModule)
}

func confined(profile *corev1.SeccompProfile) bool {
	return profile != nil && profile.Type != corev1.SeccompProfileTypeUnconfined
}

func (r *refusals) volume(volume *corev1.Volume, i int) {
	source := volume.VolumeSource
	switch {
	case source.EmptyDir != nil:
		r.when(source.EmptyDir.Medium != "", "spec.volumes[%d].emptyDir.medium", "it lies where the pod's other files are", i)
		r.when(source.EmptyDir.SizeLimit != nil, "spec.volumes[%d].emptyDir.sizeLimit", "nothing measures it there", i)
	case source.HostPath != nil:
		r.when(true, "spec.volumes[%d].hostPath", "processes see the device's own files; use the path itself", i)
	case source.ConfigMap == nil && source.Secret == nil && source.DownwardAPI == nil && source.Projected == nil:
		r.when(true, "spec.volumes[%d]", "only emptyDir, configMap, secret, downwardAPI and projected volumes can be had there", i)
	}
}

func (r *refusals) container(spec *corev1.PodSpec, c *corev1.Container, path string) {
	r.when(len(c.Command) == 0, path+".command", "is needed, since an image, and so its entrypoint, has no meaning there")
	r.when(c.Stdin, path+".stdin", "a process there reads /dev/null")
	r.when(c.TTY, path+".tty", "a process there has no terminal of its own (kubectl exec -t has)")
	r.when(len(c.Resources.Limits) > 0, path+".resources.limits", noLimits)
	r.when(len(c.Resources.Claims) > 0, path+".resources.claims", "devices are not allocated")
	r.when(len(c.VolumeDevices) > 0, path+".volumeDevices", "processes see the device's own block devices")
	r.when(c.Lifecycle != nil && c.Lifecycle.StopSignal != nil && *c.Lifecycle.StopSignal != corev1.SIGTERM, path+".lifecycle.stopSignal", "processes are ended by TERM")
	for i, port := range c.Ports {
		r.when(port.HostPort != 0 && port.HostPort != port.ContainerPort, "%s.ports[%d].hostPort", "a process listens on the device itself, so it is the containerPort", path, i)
	}
	for i, variable := range c.Env {
		r.when(!variableName.MatchString(variable.Name), "%s.env[%d].name", "a shell cannot set a variable of such a name", path, i)
	}
	r.security(c.SecurityContext, path+".securityContext")
	for i := range c.VolumeMounts {
		r.mount(spec, c, i, fmt.Sprintf("%s.volumeMounts[%d]", path, i))
	}
}

func (r *refusals) security(context *corev1.SecurityContext, path string) {
	if context == nil {
		return
	}
	set := func(value *bool) bool { return value != nil && *value }
	r.when(context.RunAsUser != nil, path+".runAsUser", oneUser)
	r.when(context.RunAsGroup != nil, path+".runAsGroup", oneUser)
	r.when(set(context.RunAsNonRoot), path+".runAsNonRoot", oneUser)
	r.when(set(context.Privileged), path+".privileged", oneUser)
	r.when(context.AllowPrivilegeEscalation != nil && !*context.AllowPrivilegeEscalation, path+".allowPrivilegeEscalation", noModule)
	r.when(set(context.ReadOnlyRootFilesystem), path+".readOnlyRootFilesystem", "processes see the device's own files")
	r.when(context.Capabilities != nil && len(context.Capabilities.Add)+len(context.Capabilities.Drop) > 0, path+".capabilities", noModule)
	r.when(context.SELinuxOptions != nil, path+".seLinuxOptions", noModule)
	r.when(context.WindowsOptions != nil, path+".windowsOptions", noModule)
	r.when(confined(context.SeccompProfile), path+".seccompProfile", noModule)
	r.when(context.AppArmorProfile != nil && context.AppArmorProfile.Type != corev1.AppArmorProfileTypeUnconfined, path+".appArmorProfile", noModule)
	r.when(context.ProcMount != nil && *context.ProcMount != corev1.DefaultProcMount, path+".procMount", noModule)
}

func (r *refusals) mount(spec *corev1.PodSpec, c *corev1.Container, i int, path string) {
	mount := c.VolumeMounts[i]
	for _, volume := range spec.Volumes {
		scratch := volume.Name == mount.Name && volume.EmptyDir != nil
		r.when(scratch && mount.ReadOnly, path+".readOnly", "the pod's containers are one user there, so an emptyDir can be written to by all of them")
	}
	r.when(mount.MountPropagation != nil && *mount.MountPropagation != corev1.MountPropagationNone, path+".mountPropagation", "nothing is mounted there")
	r.when(below(mount.MountPath) == "", path+".mountPath", "the root itself cannot be a volume")
	for j, other := range c.VolumeMounts {
		inside := i != j && strings.HasPrefix("/"+below(mount.MountPath)+"/", "/"+below(other.MountPath)+"/")
		r.when(inside, path+".mountPath", "it lies in another volume, "+other.MountPath)
	}
}
