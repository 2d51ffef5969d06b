package cluster

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	events "k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"pulumi-kubeadm/virtual-kubelet/internal/apitest"
	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// drawn is a place between two APIs in memory: home, and one that is empty.
func drawn(t *testing.T, objects ...k8sruntime.Object) (p *Place, home, away *fake.Clientset) {
	t.Helper()
	home, away = fake.NewClientset(objects...), fake.NewClientset()
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	p = paper()
	p.home.Pods, p.home.HasSynced, p.home.Events = corelisters.NewPodLister(store), func() bool { return true }, &events.FakeRecorder{}
	p.Handed = runtime.NewHanded(p.home.Pods)
	p.config, p.api, p.log, p.records, p.used = &rest.Config{}, away, slog.New(slog.DiscardHandler), map[types.UID]*record{}, map[types.UID]map[string]counter{}
	p.resolver = resolve.New(home, p.home.Events, clock.RealClock{}, resolve.Host{})
	p.queue = workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[key](retryFirst, retryLast))
	for _, o := range objects {
		if pod, ok := o.(*corev1.Pod); ok {
			if err := store.Add(pod); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.watch(); err != nil {
		t.Fatal(err)
	}
	begun := apitest.Watches(away)
	p.factory.Start(t.Context().Done())
	cache.WaitForCacheSync(t.Context().Done(), p.synced...)
	for range p.synced {
		<-begun
	}
	return p, home, away
}

// tokens are given out one after the other, each due for another at once.
func tokens(api *fake.Clientset) {
	asked := 0
	api.PrependReactor("create", "serviceaccounts", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		asked++
		return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{
			Token: strings.Repeat("t", asked), ExpirationTimestamp: metav1.NewTime(time.Now().Add(-time.Minute)),
		}}, nil
	})
}

func needy() *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: here, UID: "u"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}}}}
	withSources(pod)
	return pod
}

func fileThere(t *testing.T, away *fake.Clientset, pod *corev1.Pod, k string) string {
	t.Helper()
	files, err := away.CoreV1().Secrets(there).Get(t.Context(), filesName(pod), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return string(files.Data[k])
}

func TestWhatCannotBeReadKeepsNothingElseFromBeingRefreshed(t *testing.T) {
	pod := needy()
	// The Secret of its environment and the ConfigMap of its volume are gone.
	p, home, away := drawn(t, pod, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "registry", Namespace: here}})
	tokens(home)
	if err := p.refresh(t.Context(), pod); err != nil {
		t.Fatalf("a pod that runs is bothered: %v", err)
	}
	if text := fileThere(t, away, pod, fileKey("all", 2, 0)); text != "t" {
		t.Fatalf("the token is %q", text)
	}
	if _, err := away.CoreV1().Secrets(there).Get(t.Context(), copyName("u", "registry"), metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if p.record("u").refreshed.IsZero() {
		t.Fatal("it is tried again at once")
	}
}

func TestAFileThatCannotBeReadStaysAsItIs(t *testing.T) {
	pod := needy()
	p, home, away := drawn(t, pod)
	refuses := func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("serviceaccounts"), "default", nil)
	}
	home.PrependReactor("create", "serviceaccounts", refuses)
	if err := p.copyFiles(t.Context(), pod); !isMissing(err) || len(away.Actions()) != watches(away) {
		t.Fatalf("half of the files were made: %v %v", err, away.Actions())
	}
	tokens(home)
	if err := p.copyFiles(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the copy in the cache", func() error { _, err := p.secrets.Get(filesName(pod)); return err })
	home.PrependReactor("create", "serviceaccounts", refuses)
	pod.Labels = map[string]string{"more": "1"}
	if err := p.copyFiles(t.Context(), pod); !isMissing(err) {
		t.Fatal(err)
	}
	if token, labels := fileThere(t, away, pod, fileKey("all", 2, 0)), fileThere(t, away, pod, fileKey("all", 3, 0)); token != "t" || labels != "more=\"1\"" {
		t.Fatalf("%q %q", token, labels)
	}
}

func watches(api *fake.Clientset) int {
	n := 0
	for _, a := range api.Actions() {
		if a.GetVerb() == "list" || a.GetVerb() == "watch" {
			n++
		}
	}
	return n
}

func TestOfManyFailuresTheOneOfAVolumeCounts(t *testing.T) {
	environment, volume := missing{errors.New("environment"), false}, missing{errors.New("volume"), true}
	quota := apierrors.NewForbidden(corev1.Resource("secrets"), "s", errors.New("quota"))
	for _, c := range []struct {
		err    error
		only   bool
		reason string
	}{
		{errors.Join(environment, environment), true, reasonConfig},
		{errors.Join(environment, volume), true, reasonPending},
		{errors.Join(environment, errors.Join(volume, nil)), true, reasonPending},
		{errors.Join(environment, quota), false, reasonPending},
	} {
		pod := needy()
		p, _, _ := drawn(t, pod)
		if isMissing(c.err) != c.only {
			t.Errorf("%v: only missing is %v", c.err, !c.only)
		}
		_ = p.notCopied(pod, c.err)
		why := p.record("u").status.ContainerStatuses[0].State.Waiting
		if why.Reason != c.reason || !strings.HasPrefix(why.Message, "environment; ") {
			t.Errorf("%v: %+v", c.err, why)
		}
	}
	if isMissing(errors.Join(volume, errors.New("away"))) || isMissing(nil) {
		t.Error("what did not answer counts as missing")
	}
}

func TestPodsThatComeTogetherShareReads(t *testing.T) {
	pods := []*corev1.Pod{needy(), needy()}
	pods[1].Name, pods[1].UID = "b", "v"
	p, home, _ := drawn(t, pods[0], pods[1], &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "words", Namespace: here}})
	for _, pod := range pods {
		if err := p.CreatePod(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
	for _, pod := range pods {
		if err := p.copyOne(t.Context(), pod, reference{kind: kindSecret, name: "words"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(home.Actions()); n != 1 {
		t.Fatalf("%d reads", n)
	}
}

func TestPodsThatAreGoneAreForgotten(t *testing.T) {
	pod := needy()
	p, _, _ := drawn(t, pod)
	if err := p.CreatePod(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	p.record("gone")
	p.used["u"], p.used["ended"] = map[string]counter{}, map[string]counter{}
	p.kickAll()
	if len(p.records) != 1 || p.records["u"] == nil || len(p.used) != 1 || p.used["u"] == nil {
		t.Fatalf("remembered are %v and %v", p.records, p.used)
	}
}
