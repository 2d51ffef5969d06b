package cri

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// sandbox is the pod's sandbox, made if there is none that is ready: the first, or one after the machine was started anew. The old one is
// stopped, for its address and its ports, and kept for the logs of its containers. The caller has the pod's lock.
func (m *machine) sandbox(ctx context.Context, rt *services, pod runtime.PodSpec) (string, *runtimeapi.PodSandboxConfig, error) {
	found, err := rt.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{LabelSelector: m.own(pod.Pod.UID)})
	if err != nil {
		return "", nil, failed(err)
	}
	newestFirst(found)
	attempt := uint32(0)
	if len(found) > 0 {
		attempt = found[0].GetMetadata().GetAttempt()
		if found[0].GetState() == runtimeapi.PodSandboxState_SANDBOX_READY {
			return found[0].GetId(), m.sandboxConfig(rt, pod, attempt), nil
		}
		attempt++
	}
	for _, old := range found {
		if err := rt.StopPodSandbox(ctx, old.GetId()); err != nil {
			return "", nil, fmt.Errorf("the former sandbox could not be stopped: %w", failed(err))
		}
	}
	config := m.sandboxConfig(rt, pod, attempt)
	id, err := rt.RunPodSandbox(ctx, config, "")
	if err != nil {
		return "", nil, failed(err)
	}
	return id, config, nil
}

func newestFirst(sandboxes []*runtimeapi.PodSandbox) {
	slices.SortFunc(sandboxes, func(a, b *runtimeapi.PodSandbox) int {
		return cmp.Compare(b.GetMetadata().GetAttempt(), a.GetMetadata().GetAttempt())
	})
}

func (m *machine) sandboxConfig(rt *services, spec runtime.PodSpec, attempt uint32) *runtimeapi.PodSandboxConfig {
	pod := spec.Pod
	config := &runtimeapi.PodSandboxConfig{
		Metadata:     &runtimeapi.PodSandboxMetadata{Name: pod.Name, Uid: string(pod.UID), Namespace: pod.Namespace, Attempt: attempt},
		LogDirectory: m.logDirectory(pod.UID),
		Labels:       m.podLabels(spec),
		Annotations:  pod.Annotations,
		DnsConfig:    dnsConfig(pod, "/etc/resolv.conf"),
		Linux: &runtimeapi.LinuxPodSandboxConfig{
			CgroupParent: rt.cgroups, SecurityContext: sandboxSecurity(pod), Sysctls: sysctls(pod),
		},
	}
	if !pod.Spec.HostNetwork {
		config.Hostname = hostname(pod)
		config.PortMappings = portMappings(pod)
	}
	return config
}

// hostname of a pod is its name, as far as a host may be called so.
func hostname(pod *corev1.Pod) string {
	name := pod.Spec.Hostname
	if name == "" {
		name = pod.Name
	}
	return strings.TrimRight(name[:min(len(name), 63)], "-.")
}

// portMappings are the ports of the machine that lead to the pod, by the machine's CNI.
func portMappings(pod *corev1.Pod) []*runtimeapi.PortMapping {
	protocols := map[corev1.Protocol]runtimeapi.Protocol{corev1.ProtocolUDP: runtimeapi.Protocol_UDP, corev1.ProtocolSCTP: runtimeapi.Protocol_SCTP}
	var out []*runtimeapi.PortMapping
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, c := range list {
			for _, port := range c.Ports {
				if port.HostPort != 0 {
					out = append(out, &runtimeapi.PortMapping{
						Protocol: protocols[port.Protocol], ContainerPort: port.ContainerPort, HostPort: port.HostPort, HostIp: port.HostIP,
					})
				}
			}
		}
	}
	return out
}

func sysctls(pod *corev1.Pod) map[string]string {
	out := map[string]string{}
	if pod.Spec.SecurityContext != nil {
		for _, sysctl := range pod.Spec.SecurityContext.Sysctls {
			out[sysctl.Name] = sysctl.Value
		}
	}
	return out
}
