package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// follow takes over what may change in a pod's specification while it runs: images, and how long it may.
func (p *Place) follow(ctx context.Context, pod, there *corev1.Pod) error {
	said := mutable(pod)
	if there.Annotations[annotationMutable] == said {
		return nil
	}
	next := there.DeepCopy()
	next.Annotations[annotationMutable] = said
	images(next.Spec.Containers, pod.Spec.Containers)
	images(next.Spec.InitContainers, pod.Spec.InitContainers)
	next.Spec.ActiveDeadlineSeconds = pod.Spec.ActiveDeadlineSeconds
	_, err := p.api.CoreV1().Pods(p.namespace).Update(ctx, next, metav1.UpdateOptions{})
	return p.failed("updating the pod", err)
}

// mutable is what of a specification may change while the pod runs. It is compared with what was asked for, and not with what is there:
// an image that an admission webhook there wrote in another way is meant so.
func mutable(pod *corev1.Pod) string {
	var out []string
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, c := range list {
			out = append(out, c.Name+"="+c.Image)
		}
	}
	if deadline := pod.Spec.ActiveDeadlineSeconds; deadline != nil {
		out = append(out, fmt.Sprint(*deadline))
	}
	return strings.Join(out, " ")
}

func images(to, from []corev1.Container) {
	for i := range to {
		for _, c := range from {
			if c.Name == to[i].Name {
				to[i].Image = c.Image
			}
		}
	}
}
