package process

import corev1 "k8s.io/api/core/v1"

func (r *Refusals) podSecurity(path string, context *corev1.PodSecurityContext) {
	if context == nil {
		return
	}
	r.When(context.RunAsUser != nil, path+".runAsUser", oneUser)
	r.When(context.RunAsGroup != nil, path+".runAsGroup", oneUser)
	r.When(set(context.RunAsNonRoot), path+".runAsNonRoot", oneUser)
	r.When(len(context.SupplementalGroups) > 0, path+".supplementalGroups", oneUser)
	r.When(context.FSGroup != nil, path+".fsGroup", oneUser)
	r.When(len(context.Sysctls) > 0, path+".sysctls", "they would be the whole device's")
	r.modules(path, context.SELinuxOptions, context.WindowsOptions, context.SeccompProfile, context.AppArmorProfile)
}

func (r *Refusals) security(path string, context *corev1.SecurityContext) {
	if context == nil {
		return
	}
	r.When(context.RunAsUser != nil, path+".runAsUser", oneUser)
	r.When(context.RunAsGroup != nil, path+".runAsGroup", oneUser)
	r.When(set(context.RunAsNonRoot), path+".runAsNonRoot", oneUser)
	r.When(set(context.Privileged), path+".privileged", oneUser)
	r.When(context.AllowPrivilegeEscalation != nil && !*context.AllowPrivilegeEscalation, path+".allowPrivilegeEscalation", noModule)
	r.When(set(context.ReadOnlyRootFilesystem), path+".readOnlyRootFilesystem", "processes see the device's own files")
	r.When(context.Capabilities != nil && len(context.Capabilities.Add)+len(context.Capabilities.Drop) > 0, path+".capabilities", noModule)
	r.When(context.ProcMount != nil && *context.ProcMount != corev1.DefaultProcMount, path+".procMount", noModule)
	r.modules(path, context.SELinuxOptions, context.WindowsOptions, context.SeccompProfile, context.AppArmorProfile)
}

func (r *Refusals) modules(path string, se *corev1.SELinuxOptions, windows *corev1.WindowsSecurityContextOptions, seccomp *corev1.SeccompProfile, armor *corev1.AppArmorProfile) {
	r.When(se != nil, path+".seLinuxOptions", noModule)
	r.When(windows != nil, path+".windowsOptions", noModule)
	r.When(seccomp != nil && seccomp.Type != corev1.SeccompProfileTypeUnconfined, path+".seccompProfile", noModule)
	r.When(armor != nil && armor.Type != corev1.AppArmorProfileTypeUnconfined, path+".appArmorProfile", noModule)
}

func set(value *bool) bool { return value != nil && *value }
