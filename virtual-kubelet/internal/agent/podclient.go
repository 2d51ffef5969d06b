package agent

import (
	"context"
	"encoding/json"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// podClient is the API of pods as the library may use it. The library overwrites whole objects and deletes them after a time; here
// only what changed in a status is sent, for one UID, and objects are deleted by finish alone.
type podClient struct {
	api    kubernetes.Interface
	lister corelisters.PodLister

	mu   sync.Mutex
	sent map[types.UID]sent
}

func newPodClient(api kubernetes.Interface, lister corelisters.PodLister) *podClient {
	return &podClient{api: api, lister: lister, sent: map[types.UID]sent{}}
}

func (c *podClient) Pods(namespace string) corev1client.PodInterface {
	return podInterface{c.api.CoreV1().Pods(namespace), c}
}

type podInterface struct {
	corev1client.PodInterface
	client *podClient
}

// UpdateStatus sends what changed. A status of an object that is gone, or that another of the same name has replaced, is nobody's.
func (p podInterface) UpdateStatus(ctx context.Context, pod *corev1.Pod, _ metav1.UpdateOptions) (*corev1.Pod, error) {
	if pod.Status.Reason == "ProviderFailed" {
		// The library's own idea of a pod that could not be handed over; the provider tells the status itself.
		return pod, nil
	}
	return p.client.patchStatus(ctx, pod)
}

// Delete does nothing: the library does not know whether the place confirmed the end.
func (p podInterface) Delete(context.Context, string, metav1.DeleteOptions) error { return nil }

func (c *podClient) patchStatus(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	current, err := c.lister.Pods(pod.Namespace).Get(pod.Name)
	if err != nil || current.UID != pod.UID {
		c.forget(pod.UID)
		return pod, nil
	}
	c.mu.Lock()
	base := current.Status
	if last, ok := c.sent[pod.UID]; ok && last.cached == current.ResourceVersion {
		base = last.status
	}
	c.mu.Unlock()
	patch, changed, err := statusPatch(pod.UID, base, pod.Status)
	if err != nil || !changed {
		return pod, err
	}
	out, err := c.api.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		// Gone, or replaced: the UID in the patch did not fit.
		c.forget(pod.UID)
		return pod, nil
	case err != nil:
		return nil, err
	}
	c.remember(pod, sent{current.ResourceVersion, out.Status})
	return out, nil
}

func statusPatch(uid types.UID, was, is corev1.PodStatus) ([]byte, bool, error) {
	before, err := json.Marshal(corev1.Pod{Status: was})
	if err != nil {
		return nil, false, err
	}
	after, err := json.Marshal(corev1.Pod{Status: is})
	if err != nil {
		return nil, false, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, corev1.Pod{})
	if err != nil || string(patch) == "{}" {
		return nil, false, err
	}
	var withUID map[string]any
	if err := json.Unmarshal(patch, &withUID); err != nil {
		return nil, false, err
	}
	withUID["metadata"] = map[string]any{"uid": uid}
	patch, err = json.Marshal(withUID)
	return patch, true, err
}

// finish writes the last status and deletes the object, if it is still that one.
func (c *podClient) finish(ctx context.Context, pod *corev1.Pod) error {
	if _, err := c.patchStatus(ctx, pod); err != nil {
		return err
	}
	now := int64(0)
	err := c.api.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		err = nil
	}
	if err == nil {
		c.forget(pod.UID)
	}
	return err
}
