package agent

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// newPodInformer watches the node's own pods and nothing else.
func newPodInformer(api kubernetes.Interface, node string) (cache.SharedIndexInformer, error) {
	informer := coreinformers.NewFilteredPodInformer(api, metav1.NamespaceAll, 0,
		cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
		func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
		})
	return informer, informer.SetTransform(func(object any) (any, error) {
		// Who wrote which field is half of an object, and nobody here asks.
		if m, err := meta.Accessor(object); err == nil {
			m.SetManagedFields(nil)
		}
		return object, nil
	})
}

// libraryPods are the node's pods as the library gets to see them. It would resolve environments by listing all ConfigMaps and Secrets,
// so there are none in them; and it would take a deleted pod for ended by its last status, so that always says that something runs.
type libraryPods struct{ informer cache.SharedIndexInformer }

func (p libraryPods) Informer() cache.SharedIndexInformer { return p.informer }

func (p libraryPods) Lister() corelisters.PodLister {
	return libraryLister{corelisters.NewPodLister(p.informer.GetIndexer())}
}

type libraryLister struct{ corelisters.PodLister }

func (l libraryLister) List(selector labels.Selector) ([]*corev1.Pod, error) {
	return libraryViews(l.PodLister.List(selector))
}

func (l libraryLister) Pods(namespace string) corelisters.PodNamespaceLister {
	return libraryNamespace{l.PodLister.Pods(namespace)}
}

type libraryNamespace struct{ corelisters.PodNamespaceLister }

func (l libraryNamespace) List(selector labels.Selector) ([]*corev1.Pod, error) {
	return libraryViews(l.PodNamespaceLister.List(selector))
}

func (l libraryNamespace) Get(name string) (*corev1.Pod, error) {
	pod, err := l.PodNamespaceLister.Get(name)
	if err != nil {
		return nil, err
	}
	return libraryView(pod), nil
}

func libraryViews(pods []*corev1.Pod, err error) ([]*corev1.Pod, error) {
	out := make([]*corev1.Pod, 0, len(pods))
	for _, pod := range pods {
		out = append(out, libraryView(pod))
	}
	return out, err
}

// libraryView copies only what is changed.
func libraryView(pod *corev1.Pod) *corev1.Pod {
	view := *pod
	view.Spec.Containers = withoutEnv(pod.Spec.Containers)
	view.Spec.InitContainers = withoutEnv(pod.Spec.InitContainers)
	if pod.DeletionTimestamp != nil {
		view.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "unknown"}}
	}
	return &view
}

func withoutEnv(containers []corev1.Container) []corev1.Container {
	out := slices.Clone(containers)
	for i := range out {
		out[i].Env, out[i].EnvFrom = nil, nil
	}
	return out
}

// noConfigMaps, noSecrets and noServices stand where the library demands informers that a node has no right to.
type (
	noConfigMaps struct {
		coreinformers.ConfigMapInformer
	}
	noSecrets  struct{ coreinformers.SecretInformer }
	noServices struct{ coreinformers.ServiceInformer }
)

var empty = cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})

func (noConfigMaps) Lister() corelisters.ConfigMapLister {
	return corelisters.NewConfigMapLister(empty)
}
func (noSecrets) Lister() corelisters.SecretLister   { return corelisters.NewSecretLister(empty) }
func (noServices) Lister() corelisters.ServiceLister { return corelisters.NewServiceLister(empty) }
