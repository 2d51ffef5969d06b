package node

import (
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Version of the agent; set by the build (-ldflags "-X pulumi-kubeadm/virtual-kubelet/internal/node.Version=...").
var Version = "0.0.0-dev"

// KubeletVersion is what `kubectl get nodes` shows: the release of Kubernetes whose client the agent is built with, and its own.
func KubeletVersion() string {
	return kubernetesVersion() + "-pulumi-kubeadm-" + Version
}

// kubernetesVersion: the modules of Kubernetes 1.N.P are v0.N.P.
func kubernetesVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if rest, found := strings.CutPrefix(d.Version, "v0."); found && d.Path == "k8s.io/client-go" {
				return "v1." + rest
			}
		}
	}
	return "v1.0.0"
}

// Object is the Node as it registers.
func Object(name, provider string, c Config) *corev1.Node {
	labels := map[string]string{
		"type":                    "virtual-kubelet",
		corev1.LabelHostname:      name,
		corev1.LabelOSStable:      c.OS,
		corev1.LabelArchStable:    c.Arch,
		"beta.kubernetes.io/os":   c.OS,
		"beta.kubernetes.io/arch": c.Arch,
	}
	for k, v := range c.Labels {
		if MayLabel(k) {
			labels[k] = v
		}
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: maps.Clone(c.Annotations)},
		Spec:       corev1.NodeSpec{Taints: slices.Clone(c.Taints)},
		Status: corev1.NodeStatus{
			Capacity: c.Capacity, Allocatable: c.Allocatable,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: c.Address},
				{Type: corev1.NodeHostName, Address: name},
			},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: c.Port}},
			NodeInfo: corev1.NodeSystemInfo{
				MachineID:      machineID(),
				KubeletVersion: KubeletVersion(), OperatingSystem: c.OS, Architecture: c.Arch,
				ContainerRuntimeVersion: provider + "://" + Version, OSImage: "virtual-kubelet (" + provider + ")",
			},
			Conditions: conditions(nil, nil),
		},
	}
}

// machineID is the agent's machine's: by it the cluster knows whether a name that was closed may be had again. Empty where there is none.
func machineID() string {
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// MayLabel says whether NodeRestriction lets a node give itself a label.
func MayLabel(key string) bool {
	prefix, _, found := strings.Cut(key, "/")
	if !found || !ofKubernetes(prefix) {
		return true
	}
	for _, own := range []string{"kubelet.kubernetes.io", "node.kubernetes.io"} {
		if prefix == own || strings.HasSuffix(prefix, "."+own) {
			return true
		}
	}
	return slices.Contains([]string{
		corev1.LabelHostname, corev1.LabelOSStable, corev1.LabelArchStable, "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
		corev1.LabelTopologyZone, corev1.LabelTopologyRegion, corev1.LabelFailureDomainBetaZone, corev1.LabelFailureDomainBetaRegion,
		corev1.LabelInstanceType, corev1.LabelInstanceTypeStable,
	}, key)
}

func ofKubernetes(prefix string) bool {
	for _, domain := range []string{"kubernetes.io", "k8s.io"} {
		if prefix == domain || strings.HasSuffix(prefix, "."+domain) {
			return true
		}
	}
	return false
}
