package resolve

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// missing tells a pod's events about a reference that leads nowhere, in the words of virtual-kubelet ("OptionalSecretNotFound",
// "MandatoryConfigMapKeyNotFound"), and returns an error unless the reference is optional.
func (r *Resolver) missing(pod *corev1.Pod, kind, name, key string, optional *bool, err error) error {
	what := fmt.Sprintf("%s %q", map[string]string{"ConfigMap": "configmap", "Secret": "secret"}[kind], name)
	reason, message := kind+"NotFound", what+" not found"
	switch {
	case err == nil:
		reason, message = kind+"KeyNotFound", fmt.Sprintf("key %q does not exist in %s", key, what)
	case !apierrors.IsNotFound(err):
		// What could not be read may well be there: an optional reference must not be skipped for that.
		r.events.Eventf(pod, corev1.EventTypeWarning, "FailedToRead"+kind, "failed to read %s: %v", what, err)
		return fmt.Errorf("failed to read %s: %w", what, err)
	}
	if optional != nil && *optional {
		r.events.Event(pod, corev1.EventTypeWarning, "Optional"+reason, message)
		return nil
	}
	r.events.Event(pod, corev1.EventTypeWarning, "Mandatory"+reason, message)
	return fmt.Errorf("%s", message)
}
