package cluster

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
)

// notPassedOn are labels and annotations by which controllers know their own: those of the other cluster must not take the pod for theirs.
var notPassedOn = []string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name",
	"batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "statefulset.kubernetes.io/pod-name",
	"kubectl.kubernetes.io/last-applied-configuration",
}

// translate is the pod as it is made in the other cluster. What names things of its own cluster is renamed to copies, resolved, or left
// out: where it is scheduled, with what priority and as which account is the other cluster's business.
func (p *Place) translate(pod *corev1.Pod) *corev1.Pod {
	spec := pod.Spec.DeepCopy()
	spec.NodeName, spec.SchedulerName, spec.Affinity, spec.Tolerations, spec.TopologySpreadConstraints = "", "", nil, nil, nil
	spec.NodeSelector = platform(pod.Spec.NodeSelector)
	spec.SchedulingGates, spec.SchedulingGroup, spec.EvictionResponders = nil, nil, nil
	spec.PriorityClassName, spec.Priority, spec.PreemptionPolicy = "", nil, nil
	spec.ServiceAccountName, spec.DeprecatedServiceAccount, spec.AutomountServiceAccountToken = "", "", ptr.To(false)
	// Services that the variables would name are the other cluster's.
	spec.EnableServiceLinks = ptr.To(false)
	// Gates are opened in the pod's own cluster, and counted there.
	spec.ReadinessGates, spec.EphemeralContainers = nil, nil
	if spec.Hostname == "" {
		spec.Hostname = hostname(pod.Name)
	}
	for i := range spec.ImagePullSecrets {
		spec.ImagePullSecrets[i].Name = copyName(pod.UID, spec.ImagePullSecrets[i].Name)
	}
	for i := range spec.Volumes {
		translateVolume(pod, &spec.Volumes[i])
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			p.translateEnv(pod, &list[i])
		}
	}
	meta := p.meta(pod, remoteName(pod))
	meta.Labels = labels.Merge(passedOn(pod.Labels), meta.Labels)
	meta.Annotations = labels.Merge(passedOn(pod.Annotations), meta.Annotations)
	meta.Annotations[annotationMutable] = mutable(pod)
	return &corev1.Pod{ObjectMeta: meta, Spec: *spec}
}

func passedOn(m map[string]string) map[string]string {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(k, _ string) bool { return slices.Contains(notPassedOn, k) })
	return out
}

// platform is what of a node selector means the same in every cluster.
func platform(selector map[string]string) map[string]string {
	var out map[string]string
	for _, k := range []string{corev1.LabelOSStable, corev1.LabelArchStable} {
		if v, said := selector[k]; said {
			set(&out, k, v)
		}
	}
	return out
}

// hostname is the pod's name as far as a host may be called so.
func hostname(name string) string {
	name = strings.ReplaceAll(name, ".", "-")
	if len(name) > longestLabel {
		name = name[:longestLabel]
	}
	return strings.TrimRight(name, "-")
}

// translateEnv has references lead to copies, fields tell what they are here, and the pod find its own cluster's API. Only the pod's
// address is told by the other cluster, because it has one only there.
func (p *Place) translateEnv(pod *corev1.Pod, c *corev1.Container) {
	for i := range c.EnvFrom {
		if ref := c.EnvFrom[i].ConfigMapRef; ref != nil {
			ref.Name = copyName(pod.UID, ref.Name)
		}
		if ref := c.EnvFrom[i].SecretRef; ref != nil {
			ref.Name = copyName(pod.UID, ref.Name)
		}
	}
	said := map[string]bool{}
	for i := range c.Env {
		said[c.Env[i].Name] = true
		p.translateVariable(pod, &c.Env[i])
	}
	var api []corev1.EnvVar
	for _, e := range []corev1.EnvVar{
		{Name: "KUBERNETES_SERVICE_HOST", Value: p.home.APIHost},
		{Name: "KUBERNETES_SERVICE_PORT", Value: p.home.APIPort},
		{Name: "KUBERNETES_SERVICE_PORT_HTTPS", Value: p.home.APIPort},
	} {
		if !said[e.Name] && e.Value != "" {
			api = append(api, e)
		}
	}
	c.Env = append(api, c.Env...)
}

func (p *Place) translateVariable(pod *corev1.Pod, e *corev1.EnvVar) {
	from := e.ValueFrom
	switch {
	case from == nil:
	case from.ConfigMapKeyRef != nil:
		from.ConfigMapKeyRef.Name = copyName(pod.UID, from.ConfigMapKeyRef.Name)
	case from.SecretKeyRef != nil:
		from.SecretKeyRef.Name = copyName(pod.UID, from.SecretKeyRef.Name)
	case from.FieldRef != nil && !strings.HasPrefix(from.FieldRef.FieldPath, "status.podIP"):
		if value, err := p.resolver.Field(pod, from.FieldRef.FieldPath); err == nil {
			// A dollar sign would begin a variable.
			e.Value, e.ValueFrom = strings.ReplaceAll(value, "$", "$$"), nil
		}
	}
}
