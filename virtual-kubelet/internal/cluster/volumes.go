package cluster

import corev1 "k8s.io/api/core/v1"

// translateVolume has a volume's sources lead to copies. Fields and tokens become files of one Secret.
func translateVolume(pod *corev1.Pod, v *corev1.Volume) {
	switch {
	case v.ConfigMap != nil:
		v.ConfigMap.Name = copyName(pod.UID, v.ConfigMap.Name)
	case v.Secret != nil:
		v.Secret.SecretName = copyName(pod.UID, v.Secret.SecretName)
	case v.DownwardAPI != nil:
		v.VolumeSource = corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: downward(pod, v.Name, 0, v.DownwardAPI.Items), DefaultMode: v.DownwardAPI.DefaultMode,
		}}
	case v.Projected != nil:
		var sources []corev1.VolumeProjection
		for i, s := range v.Projected.Sources {
			sources = append(sources, translateSource(pod, v.Name, i, s)...)
		}
		v.Projected.Sources = sources
	}
}

func translateSource(pod *corev1.Pod, volume string, source int, s corev1.VolumeProjection) []corev1.VolumeProjection {
	switch {
	case s.ConfigMap != nil:
		s.ConfigMap.Name = copyName(pod.UID, s.ConfigMap.Name)
	case s.Secret != nil:
		s.Secret.Name = copyName(pod.UID, s.Secret.Name)
	case s.ServiceAccountToken != nil:
		return []corev1.VolumeProjection{fromFiles(pod, corev1.KeyToPath{Key: fileKey(volume, source, 0), Path: s.ServiceAccountToken.Path})}
	case s.DownwardAPI != nil:
		return downward(pod, volume, source, s.DownwardAPI.Items)
	}
	return []corev1.VolumeProjection{s}
}

func downward(pod *corev1.Pod, volume string, source int, items []corev1.DownwardAPIVolumeFile) []corev1.VolumeProjection {
	var files []corev1.KeyToPath
	var resources []corev1.DownwardAPIVolumeFile
	for i, item := range items {
		if item.FieldRef != nil {
			files = append(files, corev1.KeyToPath{Key: fileKey(volume, source, i), Path: item.Path, Mode: item.Mode})
		} else {
			resources = append(resources, item)
		}
	}
	var out []corev1.VolumeProjection
	if len(files) > 0 {
		out = append(out, fromFiles(pod, files...))
	}
	if len(resources) > 0 {
		out = append(out, corev1.VolumeProjection{DownwardAPI: &corev1.DownwardAPIProjection{Items: resources}})
	}
	return out
}

func fromFiles(pod *corev1.Pod, items ...corev1.KeyToPath) corev1.VolumeProjection {
	return corev1.VolumeProjection{Secret: &corev1.SecretProjection{
		LocalObjectReference: corev1.LocalObjectReference{Name: filesName(pod)}, Items: items,
	}}
}
