package serial

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// refusals collects what cannot be done, each with its path.
type refusals []string

func (r *refusals) when(refused bool, path, reason string) {
	if refused {
		*r = append(*r, path+": "+reason)
	}
}

const (
	noExec    = "a device on a serial line runs its containers' own commands only"
	noBound   = "nothing holds a process to a limit there; leave limits out, requests count for the scheduler"
	oneUser   = "processes run as the device's own user"
	noModule  = "no such protection can be set on a process there"
	noNetwork = "the device has no network that the agent knows of"
)

// Unsupported is what a process on a device at the end of a line cannot be given, and what is beyond the limits that the device told.
func (d *device) Unsupported(pod *corev1.Pod) []string {
	var r refusals
	spec := &pod.Spec
	r.pod(spec)
	r.podSecurity(spec.SecurityContext)
	for i := range spec.Volumes {
		r.volume(fmt.Sprintf("spec.volumes[%d]", i), &spec.Volumes[i])
	}
	r.each(spec, r.container)
	if limits := d.limits.Load(); limits != nil {
		r.beyond(spec, limits)
	}
	return r
}

func (r *refusals) each(spec *corev1.PodSpec, do func(string, *corev1.PodSpec, *corev1.Container)) {
	for i := range spec.InitContainers {
		do(fmt.Sprintf("spec.initContainers[%d]", i), spec, &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		do(fmt.Sprintf("spec.containers[%d]", i), spec, &spec.Containers[i])
	}
}

func (r *refusals) pod(spec *corev1.PodSpec) {
	r.when(spec.RuntimeClassName != nil && *spec.RuntimeClassName != "", "spec.runtimeClassName", "there is no container runtime")
	r.when(spec.DNSConfig != nil || spec.DNSPolicy == corev1.DNSNone, "spec.dnsConfig", noNetwork)
	r.when(len(spec.HostAliases) > 0, "spec.hostAliases", noNetwork)
	r.when(spec.SetHostnameAsFQDN != nil && *spec.SetHostnameAsFQDN, "spec.setHostnameAsFQDN", noNetwork)
	r.when(spec.HostUsers != nil && !*spec.HostUsers, "spec.hostUsers", "there is no user namespace")
	r.when(spec.Resources != nil && len(spec.Resources.Limits) > 0, "spec.resources.limits", noBound)
}

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
	r.when(context.SeccompProfile != nil && context.SeccompProfile.Type != corev1.SeccompProfileTypeUnconfined, path+"seccompProfile", noModule)
	r.when(context.AppArmorProfile != nil && context.AppArmorProfile.Type != corev1.AppArmorProfileTypeUnconfined, path+"appArmorProfile", noModule)
}

func (r *refusals) volume(path string, volume *corev1.Volume) {
	source := volume.VolumeSource
	switch {
	case source.EmptyDir != nil:
		r.when(source.EmptyDir.Medium != "", path+".emptyDir.medium", "it lies where the pod's other files are")
		r.when(source.EmptyDir.SizeLimit != nil, path+".emptyDir.sizeLimit", "nothing measures it there")
	case source.HostPath != nil:
		r.when(true, path+".hostPath", "processes see the device's own files; use the path itself")
	default:
		ours := source.ConfigMap != nil || source.Secret != nil || source.DownwardAPI != nil || source.Projected != nil
		r.when(!ours, path, "only emptyDir, configMap, secret, downwardAPI and projected volumes can be had there")
	}
}

func (r *refusals) container(path string, spec *corev1.PodSpec, c *corev1.Container) {
	r.when(len(c.Command) == 0, path+".command", "is needed, since an image, and so its entrypoint, has no meaning there")
	r.when(c.Stdin, path+".stdin", "a process there has no standard input")
	r.when(c.TTY, path+".tty", "a process there has no terminal")
	r.when(len(c.Resources.Limits) > 0, path+".resources.limits", noBound)
	r.when(len(c.Resources.Claims) > 0, path+".resources.claims", "devices are not allocated")
	r.when(len(c.VolumeDevices) > 0, path+".volumeDevices", "processes see the device's own block devices")
	r.when(c.LivenessProbe != nil, path+".livenessProbe", noExec)
	r.when(c.ReadinessProbe != nil, path+".readinessProbe", noExec)
	r.when(c.StartupProbe != nil, path+".startupProbe", noExec)
	if hooks := c.Lifecycle; hooks != nil {
		r.when(hooks.PostStart != nil && hooks.PostStart.Exec != nil, path+".lifecycle.postStart.exec", noExec)
		r.when(hooks.PreStop != nil && hooks.PreStop.Exec != nil, path+".lifecycle.preStop.exec", noExec)
		r.when(hooks.StopSignal != nil && *hooks.StopSignal != corev1.SIGTERM, path+".lifecycle.stopSignal", "processes are ended by TERM")
	}
	for i, variable := range c.Env {
		from := variable.ValueFrom
		address := from != nil && from.FieldRef != nil && strings.HasPrefix(from.FieldRef.FieldPath, "status.podIP")
		r.when(address, fmt.Sprintf("%s.env[%d].valueFrom.fieldRef", path, i), "a pod there has no address")
	}
	r.security(path+".securityContext", c.SecurityContext)
	for i := range c.VolumeMounts {
		r.mount(fmt.Sprintf("%s.volumeMounts[%d]", path, i), spec, c, i)
	}
}

func (r *refusals) security(path string, context *corev1.SecurityContext) {
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
	r.when(context.SeccompProfile != nil && context.SeccompProfile.Type != corev1.SeccompProfileTypeUnconfined, path+".seccompProfile", noModule)
	r.when(context.AppArmorProfile != nil && context.AppArmorProfile.Type != corev1.AppArmorProfileTypeUnconfined, path+".appArmorProfile", noModule)
	r.when(context.ProcMount != nil && *context.ProcMount != corev1.DefaultProcMount, path+".procMount", noModule)
}

func (r *refusals) mount(path string, spec *corev1.PodSpec, c *corev1.Container, i int) {
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

// beyond lists what the pod's specification alone shows to be too much; the content of ConfigMaps and Secrets is seen when it is sent.
func (r *refusals) beyond(spec *corev1.PodSpec, limits *limits) {
	// All of a pod's containers may run at a time, and its sidecars with them.
	together := len(spec.Containers)
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			together++
		}
	}
	r.when(together > limits.containers, "spec.containers", fmt.Sprintf("%d run at the same time; the device runs %d (its limit containers)", together, limits.containers))
	for i := range spec.Volumes {
		r.when(limits.files == 0, fmt.Sprintf("spec.volumes[%d]", i), "the device keeps no files (its limit files)")
	}
	r.each(spec, func(path string, _ *corev1.PodSpec, c *corev1.Container) {
		env := make([]runtime.EnvVar, 0, len(c.Env))
		for _, variable := range c.Env {
			env = append(env, runtime.EnvVar{Name: variable.Name, Value: variable.Value})
		}
		document, err := documentOf(&corev1.Pod{Spec: *spec}, runtime.ContainerSpec{Container: c, Env: env}, "/")
		r.when(err != nil, path, fmt.Sprint(err))
		size := len(document.Bytes())
		r.when(size > limits.document, path, fmt.Sprintf("command, arguments and environment have %d bytes; the device takes %d (its limit document)", size, limits.document))
	})
}
