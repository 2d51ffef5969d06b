// Package cluster runs a node's pods in another Kubernetes cluster, or in a service that speaks its API, in one namespace there. Each
// pod becomes a pod there, with copies of the ConfigMaps and Secrets that it names; what happens to it there is what is told of it
// here. It is level-triggered: whatever called it, it compares the node's pods in the API with what carries the node's labels there,
// and does the next thing. Nothing is concluded from a cluster that does not answer.
package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Place is a namespace of another cluster as the place of one node's pods.
type Place struct {
	*runtime.Handed
	home      runtime.Home
	config    *rest.Config
	api       kubernetes.Interface
	namespace string
	// own are the labels of everything that the node has there.
	own      labels.Set
	resolver *resolve.Resolver
	log      *slog.Logger

	// What carries the node's labels there, from caches.
	factory    informers.SharedInformerFactory
	synced     []cache.InformerSynced
	pods       corelisters.PodNamespaceLister
	configMaps corelisters.ConfigMapNamespaceLister
	secrets    corelisters.SecretNamespaceLister

	queue   workqueue.TypedRateLimitingInterface[key]
	changed chan struct{}

	mu sync.Mutex
	// answers says whether a look ever succeeded; failures counts those in a row that did not, and failure is the last one.
	answers   bool
	failures  int
	failure   error
	lastLook  time.Time
	capacity  corev1.ResourceList
	nodesSeen time.Time
	nodesHave corev1.ResourceList
	notify    func(*corev1.Pod)
	records   map[types.UID]*record
	used      map[types.UID]map[string]counter
}

var _ runtime.Pods = &Place{}

// New makes the place of a node and looks there once, so that the node registers with what there is. A cluster that does not answer,
// or that refuses the credentials, is no error: the node says so.
func New(ctx context.Context, configFile string, home runtime.Home) (runtime.Pods, error) {
	p, err := open(configFile, home)
	if err != nil {
		return nil, err
	}
	first, cancel := context.WithTimeout(ctx, firstLookTimeout)
	defer cancel()
	p.lookOnce(first)
	return p, nil
}

func open(configFile string, home runtime.Home) (*Place, error) {
	settings, err := Read(configFile)
	if err != nil {
		return nil, err
	}
	config, namespace, err := settings.rest()
	if err != nil {
		return nil, err
	}
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("the way to the other cluster: %w", err)
	}
	p := &Place{
		Handed: runtime.NewHanded(home.Pods), home: home, config: config, api: api, namespace: namespace, own: own(settings.Owner, home.NodeName),
		resolver: resolve.New(home.Client, home.Events, clock.RealClock{}, resolve.Host{Address: home.NodeAddress}),
		log:      slog.Default().With("node", home.NodeName, "server", config.Host, "namespace", namespace),
		queue:    workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[key](retryFirst, retryLast)),
		changed:  make(chan struct{}, 1), records: map[types.UID]*record{},
		used: map[types.UID]map[string]counter{},
	}
	return p, p.watch()
}

// watch makes the caches of what the node has there; Run fills them.
func (p *Place) watch() error {
	p.factory = informers.NewSharedInformerFactoryWithOptions(p.api, 0, informers.WithNamespace(p.namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = p.own.String() }),
		informers.WithTransform(func(object any) (any, error) {
			// Who wrote which field is half of an object, and nobody here asks.
			if m, ok := object.(metav1.Object); ok {
				m.SetManagedFields(nil)
			}
			return object, nil
		}))
	core := p.factory.Core().V1()
	p.pods = core.Pods().Lister().Pods(p.namespace)
	p.configMaps = core.ConfigMaps().Lister().ConfigMaps(p.namespace)
	p.secrets = core.Secrets().Lister().Secrets(p.namespace)
	p.synced = []cache.InformerSynced{core.Pods().Informer().HasSynced, core.ConfigMaps().Informer().HasSynced, core.Secrets().Informer().HasSynced}
	wake := func(object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		if m, ok := object.(metav1.Object); ok {
			p.queue.Add(homeKey(m))
		}
	}
	_, err := core.Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: wake, UpdateFunc: func(_, object any) { wake(object) }, DeleteFunc: wake,
	})
	return err
}

// filled says whether the caches tell what there is.
func (p *Place) filled() bool {
	for _, synced := range p.synced {
		if !synced() {
			return false
		}
	}
	return true
}
