package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// Everything that the node has in the other cluster carries these labels, and nothing without them is ever touched.
const (
	prefix     = "cluster.virtual-kubelet.io/"
	labelNode  = prefix + "node"
	labelOwner = prefix + "owner"
	labelPod   = prefix + "pod-uid"
	// annotationPod is the pod's "namespace/name" in the cluster of the node.
	annotationPod = prefix + "pod"
	// annotationMutable is what of its specification may change, as it was asked for last.
	annotationMutable = prefix + "mutable"
)

// longestName and longestLabel are Kubernetes' own limits.
const longestName, longestLabel = 253, 63

// key tells pods apart and finds them in the API.
type key struct {
	types.UID
	Namespace, Name string
}

func keyOf(pod *corev1.Pod) key { return key{pod.UID, pod.Namespace, pod.Name} }

// homeKey is the key of what an object of the other cluster was made for.
func homeKey(object metav1.Object) key {
	namespace, name, _ := strings.Cut(object.GetAnnotations()[annotationPod], "/")
	return key{types.UID(object.GetLabels()[labelPod]), namespace, name}
}

// own are the labels by which everything of a node is found.
func own(owner, node string) labels.Set {
	return labels.Set{labelOwner: owner, labelNode: shortened(node, longestLabel)}
}

// remoteName is what a pod is called there: pods of one name of several namespaces, or one after the other, run in one namespace.
func remoteName(pod *corev1.Pod) string { return unique(pod.Name, string(pod.UID)) }

// copyName is what a pod's copy of an object is called.
func copyName(uid types.UID, name string) string { return unique(name, string(uid)+"/"+name) }

// filesName is the Secret with the pod's tokens and fields.
func filesName(pod *corev1.Pod) string { return unique(pod.Name, string(pod.UID)+"//files") }

// unique is a name that says what it is of and that no other object has.
func unique(name, of string) string {
	sum := sha256.Sum256([]byte(of))
	end := "-" + hex.EncodeToString(sum[:])[:10]
	if len(name) > longestName-len(end) {
		name = name[:longestName-len(end)]
	}
	return strings.TrimRight(name, ".-") + end
}

// shortened is a text that fits, told apart by its hash where it had to be cut.
func shortened(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	end := "-" + hex.EncodeToString(sum[:])[:10]
	return strings.TrimRight(text[:longest-len(end)], ".-") + end
}
