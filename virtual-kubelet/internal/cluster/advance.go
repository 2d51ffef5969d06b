package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const (
	reasonConfig  = "CreateContainerConfigError"
	reasonCreate  = "CreateContainerError"
	reasonPending = "ContainerCreating"

	// predecessorAgain is the wait for a pod of the same name to go.
	predecessorAgain = time.Second
)

// advance does what a living pod needs, and tells its status.
func (p *Place) advance(ctx context.Context, pod, there *corev1.Pod) (time.Duration, error) {
	switch {
	case terminal(pod):
		if there != nil && !terminal(there) && there.DeletionTimestamp == nil {
			// Somebody called it ended here, so it has to end there.
			return 0, p.remove(ctx, there, nil)
		}
		return 0, nil
	case there == nil:
		return p.create(ctx, pod)
	}
	r := p.record(pod.UID)
	r.Lock()
	r.last = there
	r.Unlock()
	p.publish(pod, statusOf(pod, there, p.home.NodeAddress))
	if there.DeletionTimestamp != nil || terminal(there) {
		return 0, nil
	}
	if err := p.refresh(ctx, pod); err != nil {
		return 0, err
	}
	return 0, p.follow(ctx, pod, there)
}

// create makes the pod there, its copies first.
func (p *Place) create(ctx context.Context, pod *corev1.Pod) (time.Duration, error) {
	if p.refuse(pod) {
		return 0, nil
	}
	if begun(pod) {
		if there, err := p.look(ctx, keyOf(pod)); err != nil || there != nil {
			// The cache has not heard of it yet.
			return syncInterval, err
		}
		if pod.Spec.RestartPolicy == corev1.RestartPolicyNever {
			p.publish(pod, lost(pod))
			return 0, nil
		}
		p.home.Events.Event(pod, corev1.EventTypeWarning, "Recreated", "the pod was deleted in the other cluster, and is made again")
	}
	if begun(pod) || len(pod.Status.ContainerStatuses) == 0 {
		p.publish(pod, waiting(pod, reasonPending, ""))
	}
	if p.predecessor(pod) {
		return predecessorAgain, nil
	}
	if err := p.copy(ctx, pod); err != nil {
		return 0, p.notCopied(pod, err)
	}
	_, err := p.api.CoreV1().Pods(p.namespace).Create(ctx, p.translate(pod), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		there, lookErr := p.look(ctx, keyOf(pod))
		if lookErr != nil || there == nil || homeKey(there).UID == pod.UID {
			return syncInterval, lookErr
		}
		err = fmt.Errorf("%w, and is not this node's", err)
	}
	if err != nil {
		return 0, p.notMade(pod, reasonCreate, "FailedCreate", p.failed("creating the pod", err))
	}
	r := p.record(pod.UID)
	r.Lock()
	r.why = ""
	r.Unlock()
	return syncInterval, nil
}

// predecessor says whether another pod of the same name is still there; the two must not run side by side.
func (p *Place) predecessor(pod *corev1.Pod) bool {
	pods, err := p.pods.List(labels.Everything())
	if err != nil {
		return true
	}
	for _, there := range pods {
		if other := homeKey(there); other.Namespace == pod.Namespace && other.Name == pod.Name && other.UID != pod.UID {
			return true
		}
	}
	return false
}

// publish tells the library the pod's status, if the API has another one.
func (p *Place) publish(pod *corev1.Pod, status corev1.PodStatus) {
	r := p.record(pod.UID)
	r.Lock()
	r.status = &status
	r.Unlock()
	if equality.Semantic.DeepEqual(status, pod.Status) {
		return
	}
	told := pod.DeepCopy()
	told.Status = status
	p.mu.Lock()
	tell := p.notify
	p.mu.Unlock()
	if tell != nil {
		tell(told)
	}
}

func terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
