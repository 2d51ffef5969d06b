package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	coreinformers "k8s.io/client-go/informers/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	events "k8s.io/client-go/tools/record"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// One API server is both clusters: pods of the node far are in the namespace hall, those that stand for them in edge.
const (
	nodeName = "far"
	here     = "hall"
	there    = "edge"
)

type bench struct {
	*server
	// t is the part's, whole the whole test's.
	t, whole *testing.T
	way      *way
	config   string
	place    *Place
	stop     context.CancelFunc
	done     chan struct{}
	// holds keeps the kubelet of the other cluster from confirming ends.
	holds atomic.Bool
}

func newBench(t *testing.T) *bench {
	s := apiServer(t)
	b := &bench{server: s, t: t, whole: t, way: newWay(t, strings.TrimPrefix(s.address, "https://"))}
	for _, namespace := range []string{here, there} {
		_, err := s.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		b.must(err)
		// What the controller manager makes of a namespace.
		authority := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kube-root-ca.crt"}, Data: map[string]string{"ca.crt": "an authority"}}
		_, err = s.client.CoreV1().ConfigMaps(namespace).Create(t.Context(), authority, metav1.CreateOptions{})
		b.must(err)
		_, err = s.client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
		b.must(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, []byte(testToken))
	b.config = b.configure(Config{TokenFile: token, Owner: "this-cluster"})
	b.run()
	go b.kubelet(t.Context())
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// configure writes a provider's file for the way that can be cut.
func (b *bench) configure(c Config) string {
	b.t.Helper()
	c.Server, c.CAFile, c.Namespace = "https://"+b.way.at, b.ca, there
	text, err := yaml.Marshal(c)
	b.must(err)
	file := filepath.Join(b.whole.TempDir(), "provider.yaml")
	write(b.t, file, text)
	return file
}

// run starts the place as an agent would; a former one is ended first.
func (b *bench) run() {
	b.t.Helper()
	if b.stop != nil {
		b.stop()
		<-b.done
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(b.whole.Context()))
	informer := coreinformers.NewFilteredPodInformer(b.client, metav1.NamespaceAll, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
		func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", nodeName).String()
		})
	pods, err := New(ctx, b.config, runtime.Home{
		NodeName: nodeName, NodeAddress: "192.0.2.7", APIHost: "api.here", APIPort: "6443", Client: b.client,
		Pods: corelisters.NewPodLister(informer.GetIndexer()), HasSynced: informer.HasSynced, Events: &events.FakeRecorder{}, Finish: b.finish,
	})
	b.must(err)
	b.place = pods.(*Place)
	b.place.NotifyPods(ctx, func(pod *corev1.Pod) { b.update(ctx, pod) })
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { _ = b.place.CreatePod(ctx, o.(*corev1.Pod)) },
		UpdateFunc: func(_, o any) { _ = b.place.UpdatePod(ctx, o.(*corev1.Pod)) },
	})
	b.must(err)
	done := make(chan struct{})
	b.stop, b.done = stop, done
	go informer.RunWithContext(ctx)
	go func() { defer close(done); _ = b.place.Run(ctx) }()
	b.whole.Cleanup(func() { stop(); <-done })
}

func (b *bench) update(ctx context.Context, pod *corev1.Pod) {
	current, err := b.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	if err != nil || current.UID != pod.UID {
		return
	}
	current.Status = pod.Status
	_, _ = b.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, current, metav1.UpdateOptions{})
}

func (b *bench) finish(ctx context.Context, pod *corev1.Pod) error {
	return b.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})
}

// kubelet stands in for the machines of the other cluster: pods run at once, and end when they are asked to.
func (b *bench) kubelet(ctx context.Context) {
	pods := b.client.CoreV1().Pods(there)
	for ; ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for i := range list.Items {
			pod := &list.Items[i]
			switch {
			case pod.Spec.NodeName == "":
				_ = pods.Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "machine"}}, metav1.CreateOptions{})
			case pod.DeletionTimestamp != nil && !b.holds.Load():
				_ = pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})
			case pod.Status.Phase == corev1.PodPending && pod.DeletionTimestamp == nil:
				pod.Status.Phase, pod.Status.PodIP = corev1.PodRunning, "203.0.113.9"
				pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
					Name: "app", Image: pod.Spec.Containers[0].Image, ContainerID: "containerd://" + string(pod.UID), Ready: true,
					State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
				}}
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()})
				_, _ = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
			}
		}
	}
}

// pod makes one of the node's, with references of every kind.
func (b *bench) pod(name string, change func(*corev1.Pod)) *corev1.Pod {
	b.t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: here, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			NodeName: nodeName, RestartPolicy: corev1.RestartPolicyAlways,
			Containers: []corev1.Container{{Name: "app", Image: "an/image:1", Resources: corev1.ResourceRequirements{
				Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("1Mi")},
			}}},
		},
	}
	if change != nil {
		change(pod)
	}
	made, err := b.client.CoreV1().Pods(here).Create(b.t.Context(), pod, metav1.CreateOptions{})
	b.must(err)
	return made
}

// twin waits for the pod that stands for one, in a state that is looked for.
func (b *bench) twin(pod *corev1.Pod, what string, is func(*corev1.Pod) bool) *corev1.Pod {
	b.t.Helper()
	var found *corev1.Pod
	eventually(b.t, what+" of "+pod.Name+" there", func() (err error) {
		found, err = b.client.CoreV1().Pods(there).Get(b.t.Context(), remoteName(pod), metav1.GetOptions{})
		if err == nil && !is(found) {
			err = fmt.Errorf("it is %+v", found.Status)
		}
		return err
	})
	return found
}

// home waits for a pod of the node in a state that is looked for.
func (b *bench) home(name, what string, is func(*corev1.Pod) bool) *corev1.Pod {
	b.t.Helper()
	var found *corev1.Pod
	eventually(b.t, what+" of "+name+" here", func() (err error) {
		found, err = b.client.CoreV1().Pods(here).Get(b.t.Context(), name, metav1.GetOptions{})
		if err == nil && !is(found) {
			err = fmt.Errorf("it is %+v", found.Status)
		}
		return err
	})
	return found
}

func running(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning }

// left are the names of everything that is there for a pod.
func (b *bench) left(uid types.UID) []string {
	b.t.Helper()
	of := metav1.ListOptions{LabelSelector: labelPod + "=" + string(uid)}
	var out []string
	pods, err := b.client.CoreV1().Pods(there).List(b.t.Context(), of)
	b.must(err)
	for _, o := range pods.Items {
		out = append(out, "pod "+o.Name)
	}
	configMaps, err := b.client.CoreV1().ConfigMaps(there).List(b.t.Context(), of)
	b.must(err)
	for _, o := range configMaps.Items {
		out = append(out, "configmap "+o.Name)
	}
	secrets, err := b.client.CoreV1().Secrets(there).List(b.t.Context(), of)
	b.must(err)
	for _, o := range secrets.Items {
		out = append(out, "secret "+o.Name)
	}
	return out
}

func (b *bench) nothingLeft(uid types.UID) {
	b.t.Helper()
	eventually(b.t, "nothing left there", func() error {
		if left := b.left(uid); len(left) > 0 {
			return fmt.Errorf("%v", left)
		}
		return nil
	})
}
