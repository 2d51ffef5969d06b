package lifecycle

import (
	"context"
	"errors"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// stale says whether the files of a running pod are old enough to be resolved again.
func (m *Manager) stale(p *pod, t turn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.seen && p.prepared.IsZero() {
		// Found after a start of the agent: as fresh as if it had been prepared now.
		p.prepared = m.clock.Now()
	}
	return t.seen && hasFiles(t.api) && m.clock.Since(p.prepared) >= refreshInterval
}

// retry is the wait after something failed that is not a container's fault: short at first (the API takes a moment to let a node read
// what a new pod names), then longer.
func (m *Manager) retry(p *pod) time.Duration {
	p.tries = min(p.tries+1, 10)
	return min(retryInterval, retryFirst<<p.tries)
}

// prepare has the place make the pod's directory and files, if that was not done or if they are others now.
func (m *Manager) prepare(ctx, cut context.Context, p *pod, t turn, starting bool) (runtime.PodSpec, error) {
	given, left := m.resolved(ctx, t)
	if left != nil && !hasVolumes(t) {
		return given, m.unprepared(p, t, starting, "FailedMount", left)
	}
	given.PullSecrets = m.resolver.PullSecrets(ctx, t.api)
	hash := hashOf(given.Volumes)
	p.mu.Lock()
	// A place that does not have the pod (any more) has none of its files.
	same := p.filesHash == hash && t.seen
	p.mu.Unlock()
	if !same {
		if err := m.rt.PreparePod(cut, given); err != nil {
			if cut.Err() == nil {
				err = m.unprepared(p, t, starting, "FailedCreatePodSandBox", err)
			}
			return given, err
		}
	}
	p.mu.Lock()
	p.filesHash, p.prepared, p.problem = hash, m.clock.Now(), nil
	p.mu.Unlock()
	m.notRefreshed(p, t, left)
	return whole(given, t), nil
}

// unprepared keeps why a pod cannot start yet. A pod that runs goes on with the files it has.
func (m *Manager) unprepared(p *pod, t turn, starting bool, event string, err error) error {
	if !starting {
		m.notRefreshed(p, t, err)
		return err
	}
	if errors.Is(err, runtime.ErrUnreachable) || errors.Is(err, context.Canceled) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problem = &corev1.ContainerStateWaiting{Reason: "ContainerCreating", Message: err.Error()}
	m.home.Events.Event(t.api, corev1.EventTypeWarning, event, err.Error())
	return err
}

// notRefreshed lets a running pod go on with the files it has; it is told once, and tried again before long. A nil says that it has all.
func (m *Manager) notRefreshed(p *pod, t turn, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.outdated
	p.outdated = err != nil
	if err == nil {
		return
	}
	p.prepared = m.clock.Now().Add(refreshAgain - refreshInterval)
	if !told {
		m.log.Warn("the files of a pod could not be refreshed", "namespace", t.api.Namespace, "pod", t.api.Name, "error", err)
	}
}

func needsIP(api *corev1.Pod) bool {
	for _, list := range [][]corev1.Container{api.Spec.InitContainers, api.Spec.Containers} {
		for _, c := range list {
			for _, e := range c.Env {
				if e.ValueFrom != nil && e.ValueFrom.FieldRef != nil && strings.HasPrefix(e.ValueFrom.FieldRef.FieldPath, "status.podIP") {
					return true
				}
			}
		}
	}
	return false
}
