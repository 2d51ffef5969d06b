package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// cleanInterval is how often is looked whether the pods have ended.
	cleanInterval = time.Second
	// cleanMargin is what they get beyond the longest grace.
	cleanMargin = time.Minute
)

// Clean ends everything that a node has there, for a node that goes for good, and returns when it is gone.
func Clean(ctx context.Context, configFile, nodeName string) error {
	p, err := open(configFile, runtime.Home{NodeName: nodeName})
	if err != nil {
		return err
	}
	mine := metav1.ListOptions{LabelSelector: p.own.String()}
	pods, err := p.api.CoreV1().Pods(p.namespace).List(ctx, mine)
	if err != nil {
		return p.failed("listing pods", err)
	}
	var longest time.Duration
	for i := range pods.Items {
		if grace := pods.Items[i].Spec.TerminationGracePeriodSeconds; grace != nil {
			longest = max(longest, time.Duration(*grace)*time.Second)
		}
		if err := p.remove(ctx, &pods.Items[i], nil); err != nil {
			return err
		}
	}
	err = wait.PollUntilContextTimeout(ctx, cleanInterval, longest+cleanMargin, true, func(ctx context.Context) (bool, error) {
		pods, err = p.api.CoreV1().Pods(p.namespace).List(ctx, mine)
		return err == nil && len(pods.Items) == 0, p.failed("listing pods", err)
	})
	if wait.Interrupted(err) && len(pods.Items) > 0 {
		return fmt.Errorf("cluster %s, namespace %s: pod %s and %d others have not ended; look there at why (`kubectl describe pod`)",
			p.config.Host, p.namespace, pods.Items[0].Name, len(pods.Items)-1)
	}
	if err != nil {
		return err
	}
	return p.cleanCopies(ctx, mine)
}

func (p *Place) cleanCopies(ctx context.Context, mine metav1.ListOptions) error {
	configMaps, err := p.api.CoreV1().ConfigMaps(p.namespace).List(ctx, mine)
	if err != nil {
		return p.failed("listing ConfigMaps", err)
	}
	secrets, err := p.api.CoreV1().Secrets(p.namespace).List(ctx, mine)
	if err != nil {
		return p.failed("listing Secrets", err)
	}
	var failures []error
	for i := range configMaps.Items {
		failures = append(failures, p.removeCopy(ctx, &configMaps.Items[i]))
	}
	for i := range secrets.Items {
		failures = append(failures, p.removeCopy(ctx, &secrets.Items[i]))
	}
	return errors.Join(failures...)
}

// removeCopy deletes a copy, if it is still that one.
func (p *Place) removeCopy(ctx context.Context, object metav1.Object) error {
	only := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(object.GetUID()))}
	var err error
	if _, secret := object.(*corev1.Secret); secret {
		err = p.api.CoreV1().Secrets(p.namespace).Delete(ctx, object.GetName(), only)
	} else {
		err = p.api.CoreV1().ConfigMaps(p.namespace).Delete(ctx, object.GetName(), only)
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return p.failed("deleting the copy "+object.GetName(), err)
}
