package cri

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func namespaces(pod *corev1.Pod) *runtimeapi.NamespaceOption {
	spec := &pod.Spec
	out := &runtimeapi.NamespaceOption{Pid: runtimeapi.NamespaceMode_CONTAINER}
	if spec.HostNetwork {
		out.Network = runtimeapi.NamespaceMode_NODE
	}
	if spec.HostIPC {
		out.Ipc = runtimeapi.NamespaceMode_NODE
	}
	switch {
	case spec.HostPID:
		out.Pid = runtimeapi.NamespaceMode_NODE
	case spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace:
		out.Pid = runtimeapi.NamespaceMode_POD
	}
	return out
}

func sandboxSecurity(pod *corev1.Pod) *runtimeapi.LinuxSandboxSecurityContext {
	out := &runtimeapi.LinuxSandboxSecurityContext{
		NamespaceOptions: namespaces(pod), SupplementalGroups: groups(pod),
		Seccomp: &runtimeapi.SecurityProfile{ProfileType: runtimeapi.SecurityProfile_RuntimeDefault},
	}
	if own := pod.Spec.SecurityContext; own != nil {
		out.RunAsUser, out.RunAsGroup, out.SelinuxOptions = number(own.RunAsUser), number(own.RunAsGroup), selinux(own.SELinuxOptions)
		if out.RunAsUser == nil {
			// A group alone would be refused by runtimes.
			out.RunAsGroup = nil
		}
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, c := range list {
			out.Privileged = out.Privileged || c.SecurityContext != nil && is(c.SecurityContext.Privileged)
		}
	}
	return out
}

// containerSecurity is the container's, over the pod's. user is the image's, for containers that say none.
func containerSecurity(pod *corev1.Pod, c *corev1.Container, image *runtimeapi.Image) (*runtimeapi.LinuxContainerSecurityContext, error) {
	out := &runtimeapi.LinuxContainerSecurityContext{NamespaceOptions: namespaces(pod), SupplementalGroups: groups(pod)}
	own := merged(pod.Spec.SecurityContext, c.SecurityContext)
	out.RunAsUser, out.RunAsGroup = number(own.RunAsUser), number(own.RunAsGroup)
	if out.RunAsUser == nil {
		if image.GetUid() != nil {
			out.RunAsUser = image.GetUid()
		} else {
			out.RunAsUsername = image.GetUsername()
		}
	}
	if is(own.RunAsNonRoot) {
		if err := nonRoot(out); err != nil {
			return nil, err
		}
	}
	if out.RunAsGroup != nil && out.RunAsUser == nil && out.RunAsUsername == "" {
		out.RunAsUser = &runtimeapi.Int64Value{}
	}
	out.Privileged, out.ReadonlyRootfs = is(own.Privileged), is(own.ReadOnlyRootFilesystem)
	if !out.Privileged {
		out.MaskedPaths, out.ReadonlyPaths = masked(), readonlyPaths
	}
	out.NoNewPrivs = own.AllowPrivilegeEscalation != nil && !*own.AllowPrivilegeEscalation
	out.SelinuxOptions = selinux(own.SELinuxOptions)
	out.Seccomp, out.Apparmor = seccomp(own.SeccompProfile), apparmor(own.AppArmorProfile)
	if own.Capabilities != nil {
		out.Capabilities = &runtimeapi.Capability{AddCapabilities: texts(own.Capabilities.Add), DropCapabilities: texts(own.Capabilities.Drop)}
	}
	return out, nil
}

// nonRoot holds a container to runAsNonRoot, which nobody does after it began.
func nonRoot(security *runtimeapi.LinuxContainerSecurityContext) error {
	const reason = "CreateContainerConfigError"
	switch {
	case security.RunAsUser.GetValue() != 0:
		return nil
	case security.RunAsUser == nil && security.RunAsUsername != "":
		if uid, err := strconv.ParseInt(security.RunAsUsername, 10, 64); err == nil && uid != 0 {
			return nil
		}
		return runtime.NotStarted{Reason: reason, Message: fmt.Sprintf("container has runAsNonRoot and image has non-numeric user (%s), cannot verify user is non-root", security.RunAsUsername)}
	}
	return runtime.NotStarted{Reason: reason, Message: "container has runAsNonRoot and would run as root"}
}

// merged is a container's security context with the pod's where it says nothing.
func merged(pod *corev1.PodSecurityContext, c *corev1.SecurityContext) corev1.SecurityContext {
	out := corev1.SecurityContext{}
	if c != nil {
		out = *c
	}
	if pod == nil {
		return out
	}
	out.RunAsUser, out.RunAsGroup = or(out.RunAsUser, pod.RunAsUser), or(out.RunAsGroup, pod.RunAsGroup)
	out.RunAsNonRoot, out.SELinuxOptions = or(out.RunAsNonRoot, pod.RunAsNonRoot), or(out.SELinuxOptions, pod.SELinuxOptions)
	out.SeccompProfile, out.AppArmorProfile = or(out.SeccompProfile, pod.SeccompProfile), or(out.AppArmorProfile, pod.AppArmorProfile)
	return out
}

func groups(pod *corev1.Pod) []int64 {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	out := append([]int64{}, pod.Spec.SecurityContext.SupplementalGroups...)
	if group := pod.Spec.SecurityContext.FSGroup; group != nil {
		out = append(out, *group)
	}
	return out
}

func seccomp(profile *corev1.SeccompProfile) *runtimeapi.SecurityProfile {
	if profile != nil && profile.Type == corev1.SeccompProfileTypeRuntimeDefault {
		return &runtimeapi.SecurityProfile{ProfileType: runtimeapi.SecurityProfile_RuntimeDefault}
	}
	return &runtimeapi.SecurityProfile{ProfileType: runtimeapi.SecurityProfile_Unconfined}
}

func apparmor(profile *corev1.AppArmorProfile) *runtimeapi.SecurityProfile {
	switch {
	case profile == nil:
		return nil
	case profile.Type == corev1.AppArmorProfileTypeUnconfined:
		return &runtimeapi.SecurityProfile{ProfileType: runtimeapi.SecurityProfile_Unconfined}
	case profile.Type == corev1.AppArmorProfileTypeLocalhost && profile.LocalhostProfile != nil:
		return &runtimeapi.SecurityProfile{ProfileType: runtimeapi.SecurityProfile_Localhost, LocalhostRef: *profile.LocalhostProfile}
	}
	return &runtimeapi.SecurityProfile{ProfileType: runtimeapi.SecurityProfile_RuntimeDefault}
}

func selinux(options *corev1.SELinuxOptions) *runtimeapi.SELinuxOption {
	if options == nil {
		return nil
	}
	return &runtimeapi.SELinuxOption{User: options.User, Role: options.Role, Type: options.Type, Level: options.Level}
}

func number(value *int64) *runtimeapi.Int64Value {
	if value == nil {
		return nil
	}
	return &runtimeapi.Int64Value{Value: *value}
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = string(one)
	}
	return out
}

func is(value *bool) bool { return value != nil && *value }

func or[T any](first, second *T) *T {
	if first != nil {
		return first
	}
	return second
}
