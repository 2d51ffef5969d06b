package node

import (
	"context"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// client is the API of nodes as the library may use it. The library writes labels and annotations with every status; here only the
// status goes through, and the two annotations by which the library knows what it wrote. Labels, annotations and taints are what the
// node registered with, and belong to the control planes from then on.
type client struct{ corev1client.NodeInterface }

func (c client) Patch(ctx context.Context, name string, kind types.PatchType, data []byte, o metav1.PatchOptions, sub ...string) (*corev1.Node, error) {
	var patch struct {
		Metadata *struct {
			Annotations map[string]any `json:"annotations,omitempty"`
		} `json:"metadata,omitempty"`
		Status json.RawMessage `json:"status,omitempty"`
	}
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, err
	}
	if patch.Metadata != nil {
		for key := range patch.Metadata.Annotations {
			if !strings.HasPrefix(key, "virtual-kubelet.io/last-applied-") {
				delete(patch.Metadata.Annotations, key)
			}
		}
	}
	data, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	return c.NodeInterface.Patch(ctx, name, kind, data, o, sub...)
}
