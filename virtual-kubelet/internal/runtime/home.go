package runtime

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// Has asks the API itself, past its caches, whether it has this pod on this node; namespace and name only narrow the question. It is a
// list because a node may always list its own pods, while getting one depends on what the authorizer has heard of so far.
func (h Home) Has(ctx context.Context, pod PodName) (bool, error) {
	selector := fields.Set{"spec.nodeName": h.NodeName}
	if pod.Name != "" {
		selector["metadata.name"] = pod.Name
	}
	pods, err := h.Client.CoreV1().Pods(pod.Namespace).List(ctx, metav1.ListOptions{FieldSelector: selector.String()})
	if err != nil {
		return false, err
	}
	for i := range pods.Items {
		if pods.Items[i].UID == pod.UID {
			return true, nil
		}
	}
	return false, nil
}
