package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

func hasFiles(api *corev1.Pod) bool {
	for _, v := range api.Spec.Volumes {
		if v.ConfigMap != nil || v.Secret != nil || v.DownwardAPI != nil || v.Projected != nil {
			return true
		}
	}
	return false
}

// retry is the wait after something failed that is not a container's fault: short at first (the API takes a moment to let a node read
// what a new pod names), then longer.
func (m *Manager) retry(p *pod) time.Duration {
	p.tries = min(p.tries+1, 10)
	return min(retryInterval, retryFirst<<p.tries)
}

// prepare has the place make the pod's directory and files, if that was not done or if they are others now.
func (m *Manager) prepare(ctx context.Context, p *pod, t turn, starting bool) (runtime.PodSpec, error) {
	spec := runtime.PodSpec{Pod: t.api}
	var err error
	if spec.Volumes, err = m.resolver.Volumes(ctx, t.api, t.state.IP); err != nil {
		return spec, m.unprepared(p, t, starting, "FailedMount", err)
	}
	hash := hashOf(spec.Volumes)
	p.mu.Lock()
	// A place that does not have the pod (any more) has none of its files.
	same := p.filesHash == hash && t.seen
	p.mu.Unlock()
	if !same {
		spec.PullSecrets = m.resolver.PullSecrets(ctx, t.api)
		if err := m.rt.PreparePod(ctx, spec); err != nil {
			return spec, m.unprepared(p, t, starting, "FailedCreatePodSandBox", err)
		}
	} else if len(t.api.Spec.ImagePullSecrets) > 0 {
		spec.PullSecrets = m.resolver.PullSecrets(ctx, t.api)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.filesHash, p.prepared, p.problem = hash, m.clock.Now(), nil
	return spec, nil
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

// notRefreshed lets a running pod go on with the files it has; it is told once, and tried again before long.
func (m *Manager) notRefreshed(p *pod, t turn, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tries == 0 {
		m.log.Warn("the files of a pod could not be refreshed", "namespace", t.api.Namespace, "pod", t.api.Name, "error", err)
	}
	p.prepared = m.clock.Now().Add(refreshAgain - refreshInterval)
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

// hashOf tells whether files changed; map keys are sorted by the encoding.
func hashOf(volumes map[string]runtime.Volume) string {
	text, err := json.Marshal(volumes)
	if err != nil {
		// Volumes are maps, bytes and numbers: there is nothing in them that cannot be encoded.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
