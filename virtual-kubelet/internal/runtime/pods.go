package runtime

import (
	"context"
	"io"

	"github.com/virtual-kubelet/virtual-kubelet/node"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/record"
)

// Pods runs whole pods of one node: package lifecycle does it over a Runtime, package cluster in another cluster.
//
// The pods that virtual-kubelet hands over have no environment and no status of their own (the agent keeps the library from
// resolving references with wide reads and from judging ends): take what is wanted from Home.Pods, by UID, and take the calls as
// news that something changed. DeletePod only begins an end and returns nil; the library's own deletions are swallowed, and the
// pod's object goes away by Home.Finish alone, which is what keeps a pod Terminating until its place confirmed the end.
type Pods interface {
	node.PodLifecycleHandler
	node.PodNotifier
	// Run works until ctx ends: looks at the place, tells of changes, ends what has no pod.
	Run(ctx context.Context) error
	// Reachable is nil when the place answered at the last look (and before the first), else an error that says what failed.
	// Changed yields a value when Reachable or Capacity tells something new.
	Reachable() error
	Changed() <-chan struct{}
	// Capacity is what the place itself says it has (a quota); nil leaves node.yaml's.
	Capacity() corev1.ResourceList

	// Logs reads a container's log as the API asks for it. ErrNotFound: no such pod, container or attempt.
	Logs(ctx context.Context, pod PodName, options *corev1.PodLogOptions) (io.ReadCloser, error)
	Exec(ctx context.Context, pod PodName, container string, command []string, streams Streams) error
	// Attach and PortForward return ErrNotPossible, with the reason, where the place cannot.
	Attach(ctx context.Context, pod PodName, container string, streams Streams) error
	PortForward(ctx context.Context, pod PodName, port int32, stream io.ReadWriteCloser) error
	// Usage tells what the running containers use; empty where the place does not know.
	Usage(ctx context.Context) ([]Usage, error)
}

// AffinityHint tells how a DaemonSet is kept off nodes like these.
const AffinityHint = "to keep this DaemonSet off virtual nodes, give its pods a nodeAffinity (requiredDuringSchedulingIgnoredDuringExecution) " +
	"with the expression {key: type, operator: NotIn, values: [virtual-kubelet]}"

// PodName names a pod as the API server's requests to a node do; UID is empty where the request has none.
type PodName struct {
	Namespace, Name string
	UID             types.UID
}

// Usage is what one container of a pod uses.
type Usage struct {
	Pod       *corev1.Pod
	Container string
	ContainerStats
}

// Home is what a Pods may use of the cluster that the node belongs to, with a node's rights: single reads of what the node's pods
// name, no lists and watches beyond the node's own pods.
type Home struct {
	NodeName string
	// NodeAddress is the node's InternalIP (a pod's hostIP).
	NodeAddress string
	// APIHost and APIPort are where the agent reaches the API server: a service's address means nothing outside the cluster.
	APIHost, APIPort string
	Client           kubernetes.Interface
	// Pods are the node's pods as the API has them, from a cache; HasSynced says whether it is filled. Before that nothing may be concluded from it.
	Pods      corelisters.PodLister
	HasSynced func() bool
	Events    record.EventRecorder
	// Finish writes a pod's last status and deletes its object; to be called when the place confirmed that nothing of it is left there.
	Finish func(ctx context.Context, pod *corev1.Pod) error
}
