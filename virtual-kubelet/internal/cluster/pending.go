package cluster

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// notCopied says of what is missing what a kubelet would say.
func (p *Place) notCopied(pod *corev1.Pod, err error) error {
	if allMissing(err, func(m missing) bool { return !m.mounted }) {
		return p.notMade(pod, reasonConfig, "Failed", err)
	}
	return p.notMade(pod, reasonPending, "FailedMount", err)
}

// notMade keeps why a pod is not there yet, tells it once, and has it tried again.
func (p *Place) notMade(pod *corev1.Pod, reason, event string, err error) error {
	if !answered(err) && !isMissing(err) {
		return err
	}
	why := strings.ReplaceAll(err.Error(), "\n", "; ")
	p.publish(pod, waiting(pod, reason, why))
	r := p.record(pod.UID)
	r.Lock()
	told := r.why == why
	r.why = why
	r.Unlock()
	if !told {
		p.home.Events.Event(pod, corev1.EventTypeWarning, event, why)
	}
	return err
}

// refuse leaves a pod pending that asks for what this place cannot do, with the list of all of it.
func (p *Place) refuse(pod *corev1.Pod) bool {
	problems := unsupported(pod)
	if len(problems) == 0 {
		return false
	}
	message := "provider cluster cannot do: " + strings.Join(problems, "; ")
	r := p.record(pod.UID)
	r.Lock()
	told := r.refused
	r.refused = true
	r.Unlock()
	p.publish(pod, waiting(pod, reasonConfig, message))
	if told {
		return true
	}
	if owner := metav1.GetControllerOf(pod); owner != nil && owner.Kind == "DaemonSet" {
		message += "; " + runtime.AffinityHint
	}
	p.home.Events.Event(pod, corev1.EventTypeWarning, reasonConfig, message)
	return true
}
