package lifecycle

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// reasonConfig is the waiting reason of what a place cannot do, and of references that lead nowhere.
const reasonConfig = "CreateContainerConfigError"

// refuse leaves a pod pending that asks for what this place cannot do, with the list of all of it.
func (m *Manager) refuse(p *pod, t turn) bool {
	problems := append(unsupported(t.api), m.rt.Unsupported(t.api)...)
	if len(problems) == 0 {
		return false
	}
	message := fmt.Sprintf("provider %s cannot do: %s", m.provider, strings.Join(problems, "; "))
	p.mu.Lock()
	p.problem = &corev1.ContainerStateWaiting{Reason: reasonConfig, Message: message}
	told := p.refused
	p.refused = true
	p.mu.Unlock()
	if !told {
		if owner := metav1.GetControllerOf(t.api); owner != nil && owner.Kind == "DaemonSet" {
			message += "; " + runtime.AffinityHint
		}
		m.home.Events.Event(t.api, corev1.EventTypeWarning, reasonConfig, message)
	}
	m.publish(p, t, decision{phase: corev1.PodPending})
	return true
}

// unsupported lists what no place can do that runs containers for this agent.
func unsupported(pod *corev1.Pod) []string {
	var out []string
	for i := range pod.Spec.Volumes {
		out = append(out, volumeProblems(i, &pod.Spec.Volumes[i])...)
	}
	if len(pod.Spec.ResourceClaims) > 0 {
		out = append(out, "spec.resourceClaims: devices of dynamic resource allocation")
	}
	for i := range pod.Spec.InitContainers {
		out = append(out, containerProblems(fmt.Sprintf("spec.initContainers[%d]", i), &pod.Spec.InitContainers[i])...)
	}
	for i := range pod.Spec.Containers {
		out = append(out, containerProblems(fmt.Sprintf("spec.containers[%d]", i), &pod.Spec.Containers[i])...)
	}
	return out
}

func volumeProblems(i int, v *corev1.Volume) []string {
	path := fmt.Sprintf("spec.volumes[%d]", i)
	switch {
	case v.EmptyDir != nil, v.HostPath != nil, v.ConfigMap != nil, v.Secret != nil, v.DownwardAPI != nil:
		return nil
	case v.Projected != nil:
		for j, s := range v.Projected.Sources {
			if s.ClusterTrustBundle != nil || s.PodCertificate != nil {
				return []string{fmt.Sprintf("%s.projected.sources[%d]: projections other than configMap, secret, downwardAPI and serviceAccountToken", path, j)}
			}
		}
		return nil
	}
	return []string{path + " (" + v.Name + "): volumes other than emptyDir, hostPath, configMap, secret, downwardAPI and projected"}
}

func containerProblems(path string, c *corev1.Container) []string {
	var out []string
	for name, probe := range map[string]*corev1.Probe{"livenessProbe": c.LivenessProbe, "readinessProbe": c.ReadinessProbe, "startupProbe": c.StartupProbe} {
		if probe != nil && probe.Exec == nil {
			out = append(out, path+"."+name+": probes other than exec")
		}
	}
	if c.Lifecycle != nil {
		for name, h := range map[string]*corev1.LifecycleHandler{"postStart": c.Lifecycle.PostStart, "preStop": c.Lifecycle.PreStop} {
			if h != nil && h.Exec == nil && h.Sleep == nil {
				out = append(out, path+".lifecycle."+name+": hooks other than exec and sleep")
			}
		}
	}
	return sorted(out)
}
