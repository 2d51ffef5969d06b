package cluster

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// unsupported lists everything in a pod's specification that this place cannot do. Whether the other cluster takes the rest (a
// privileged container, a resource of its nodes), it says itself when the pod is made there.
func unsupported(pod *corev1.Pod) []string {
	var out []string
	spec := &pod.Spec
	for name, wanted := range map[string]bool{"hostIPC": spec.HostIPC, "hostNetwork": spec.HostNetwork, "hostPID": spec.HostPID} {
		if wanted {
			out = append(out, "spec."+name+": the host is a machine of the other cluster")
		}
	}
	if spec.RuntimeClassName != nil {
		out = append(out, "spec.runtimeClassName: runtime classes of this cluster are not known there")
	}
	if len(spec.ResourceClaims) > 0 {
		out = append(out, "spec.resourceClaims: devices of dynamic resource allocation")
	}
	for i := range spec.Volumes {
		out = append(out, volumeProblems(i, &spec.Volumes[i])...)
	}
	for field, list := range map[string][]corev1.Container{"initContainers": spec.InitContainers, "containers": spec.Containers} {
		for i, c := range list {
			for j, port := range c.Ports {
				if port.HostPort != 0 {
					out = append(out, fmt.Sprintf("spec.%s[%d].ports[%d].hostPort: the host is a machine of the other cluster", field, i, j))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func volumeProblems(i int, v *corev1.Volume) []string {
	path := fmt.Sprintf("spec.volumes[%d]", i)
	switch {
	case v.EmptyDir != nil, v.ConfigMap != nil, v.Secret != nil, v.DownwardAPI != nil, v.NFS != nil, v.Image != nil:
		return nil
	case v.Projected != nil:
		var out []string
		for j, s := range v.Projected.Sources {
			if s.ConfigMap == nil && s.Secret == nil && s.DownwardAPI == nil && s.ServiceAccountToken == nil {
				out = append(out, fmt.Sprintf("%s.projected.sources[%d]: projections other than configMap, secret, downwardAPI and serviceAccountToken", path, j))
			}
		}
		return out
	}
	return []string{path + " (" + v.Name + "): volumes other than emptyDir, configMap, secret, downwardAPI, projected, nfs and image"}
}
