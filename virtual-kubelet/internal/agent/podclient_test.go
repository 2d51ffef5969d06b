package agent

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
)

func somePod(uid types.UID) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "default", UID: uid, ResourceVersion: "7", Labels: map[string]string{"l": "1"}},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Env: []corev1.EnvVar{{Name: "X", Value: "y"}}}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
			{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionFalse},
		}},
	}
}

func clientWith(t *testing.T, pod *corev1.Pod) (*podClient, *fake.Clientset, cache.Indexer) {
	t.Helper()
	api := fake.NewClientset(pod.DeepCopy())
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	if err := store.Add(pod); err != nil {
		t.Fatal(err)
	}
	return newPodClient(api, corelisters.NewPodLister(store)), api, store
}

func actions(api *fake.Clientset, verb string) []k8stesting.Action {
	var out []k8stesting.Action
	for _, a := range api.Actions() {
		if a.GetVerb() == verb {
			out = append(out, a)
		}
	}
	return out
}

func TestOnlyWhatChangedIsSentAndForOneUID(t *testing.T) {
	pod := somePod("u")
	c, api, _ := clientWith(t, pod)
	next := pod.DeepCopy()
	next.Labels["l"] = "old"
	next.Status.Phase = corev1.PodRunning
	next.Status.Conditions[1].Status = corev1.ConditionTrue
	if _, err := c.Pods("default").UpdateStatus(t.Context(), next, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pods("default").UpdateStatus(t.Context(), next, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	sent := actions(api, "patch")
	if len(sent) != 1 {
		t.Fatalf("%d patches for one change", len(sent))
	}
	patch := sent[0].(k8stesting.PatchAction)
	var body struct {
		Metadata map[string]any
		Spec     map[string]any
		Status   corev1.PodStatus
	}
	if err := json.Unmarshal(patch.GetPatch(), &body); err != nil {
		t.Fatal(err)
	}
	if patch.GetSubresource() != "status" || body.Metadata["uid"] != "u" || len(body.Metadata) != 1 || body.Spec != nil || len(body.Status.Conditions) != 1 {
		t.Fatalf("patch is %s", patch.GetPatch())
	}
	now, err := api.CoreV1().Pods("default").Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil || now.Labels["l"] != "1" || len(now.Status.Conditions) != 2 {
		t.Fatalf("%+v %v", now, err)
	}
}

func TestWhatOthersChangedIsPutRight(t *testing.T) {
	pod := somePod("u")
	c, api, store := clientWith(t, pod)
	next := pod.DeepCopy()
	next.Status.Conditions[1].Status = corev1.ConditionTrue
	if _, err := c.patchStatus(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	// The cache moves on: somebody said once more that it is not ready.
	pod = pod.DeepCopy()
	pod.ResourceVersion = "9"
	if err := store.Update(pod); err != nil {
		t.Fatal(err)
	}
	if _, err := c.patchStatus(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if n := len(actions(api, "patch")); n != 2 {
		t.Fatalf("%d patches", n)
	}
}

func TestAStatusIsNotGivenToAnotherPodOfTheName(t *testing.T) {
	c, api, _ := clientWith(t, somePod("new"))
	old := somePod("old")
	old.Status.Phase = corev1.PodFailed
	if _, err := c.Pods("default").UpdateStatus(t.Context(), old, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(api.Actions()) != 0 {
		t.Fatalf("sent %v", api.Actions())
	}
}

func TestTheLibraryNeitherFailsNorDeletes(t *testing.T) {
	c, api, _ := clientWith(t, somePod("u"))
	failed := somePod("u")
	failed.Status.Phase, failed.Status.Reason = corev1.PodFailed, "ProviderFailed"
	if _, err := c.Pods("default").UpdateStatus(t.Context(), failed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Pods("default").Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(api.Actions()) != 0 {
		t.Fatalf("sent %v", api.Actions())
	}
}

func TestFinishWritesTheLastStatusAndDeletesThatObject(t *testing.T) {
	pod := somePod("u")
	c, api, _ := clientWith(t, pod)
	last := pod.DeepCopy()
	last.Status.Phase = corev1.PodSucceeded
	if err := c.finish(context.Background(), last); err != nil {
		t.Fatal(err)
	}
	if len(api.Actions()) != 2 || api.Actions()[0].GetVerb() != "patch" || api.Actions()[1].GetVerb() != "delete" {
		t.Fatalf("sent %v", api.Actions())
	}
	o := api.Actions()[1].(k8stesting.DeleteAction).GetDeleteOptions()
	if *o.GracePeriodSeconds != 0 || *o.Preconditions.UID != "u" {
		t.Fatalf("%+v", o)
	}
	if err := c.finish(context.Background(), last); err != nil {
		t.Fatalf("once more: %v", err)
	}
}

func TestOfPodsThatLeftTheCacheNothingIsKept(t *testing.T) {
	pod := somePod("u")
	c, api, store := clientWith(t, pod)
	send := func() {
		next := pod.DeepCopy()
		next.Status.Phase = corev1.PodRunning
		if _, err := c.patchStatus(t.Context(), next); err != nil {
			t.Fatal(err)
		}
	}
	for what, leave := range map[string]func(cache.ResourceEventHandler){
		"deleted":  func(h cache.ResourceEventHandler) { h.OnDelete(pod) },
		"missed":   func(h cache.ResourceEventHandler) { h.OnDelete(cache.DeletedFinalStateUnknown{Obj: pod}) },
		"replaced": func(h cache.ResourceEventHandler) { h.OnUpdate(pod, somePod("new")) },
		"changed":  func(h cache.ResourceEventHandler) { h.OnUpdate(pod, pod.DeepCopy()) },
	} {
		send()
		leave(c.leavers())
		if stays := what == "changed"; (len(c.sent) == 1) != stays {
			t.Errorf("%s: %v", what, c.sent)
		}
	}
	api.PrependReactor("patch", "pods", func(k8stesting.Action) (bool, k8sruntime.Object, error) { return false, nil, store.Delete(pod) })
	c.forget("u")
	if send(); len(c.sent) != 0 {
		t.Error("kept of a pod that left while its status was sent")
	}
}

func TestWhatTheLibrarySees(t *testing.T) {
	pod := somePod("u")
	if v := libraryView(pod); v.Spec.Containers[0].Env != nil || len(pod.Spec.Containers[0].Env) != 1 {
		t.Error("the environment is to be hidden from the library and from nobody else")
	}
	now := metav1.NewTime(time.Now())
	pod.DeletionTimestamp = &now
	s := libraryView(pod).Status.ContainerStatuses
	if len(s) != 1 || s[0].State.Waiting != nil || s[0].State.Terminated != nil {
		t.Error("the library would delete this object by itself")
	}
	for reason, want := range map[string]bool{"ProviderCreateSuccess": false, "ProviderDeleteSuccess": false, "ProviderCreateFailed": true, "Started": true} {
		if own(reason) != want {
			t.Errorf("event %s", reason)
		}
	}
}
