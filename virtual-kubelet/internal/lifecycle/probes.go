package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// probes are those of one attempt of a container. Where the place does not answer, a probe has no result and nothing changes.
type probes struct {
	attempt int
	cancel  context.CancelFunc

	mu             sync.Mutex
	started, ready bool
	// dead says why the container has to go, once its startup or liveness probe failed often enough.
	dead  string
	grace *int64
}

// watch begins the probes of a running container, unless they run. Call with the pod's mu held.
func (m *Manager) watch(ctx context.Context, p *pod, t turn, v *view) {
	if v.mem.probes != nil && v.mem.probes.attempt == v.last.Attempt {
		return
	}
	v.mem.probes.stop()
	q := &probes{attempt: v.last.Attempt}
	q.started = v.spec.StartupProbe == nil
	q.ready = v.spec.ReadinessProbe == nil
	// After a start of the agent the API remembers how it was: a pod must not leave its services for that.
	if s := statusOf(t.api, v.spec.Name); s != nil && s.ContainerID == m.containerID(p, v) && s.State.Running != nil {
		q.started = q.started || s.Started != nil && *s.Started
		q.ready = q.ready || s.Ready
	}
	v.mem.probes = q
	if v.spec.StartupProbe == nil && v.spec.LivenessProbe == nil && v.spec.ReadinessProbe == nil {
		return
	}
	id := runtime.ContainerID{Pod: p.uid, Name: v.spec.Name, Attempt: v.last.Attempt}
	api, spec := t.api, v.spec
	ctx, cancel := context.WithCancel(ctx)
	q.cancel = cancel
	for _, one := range []struct {
		kind  string
		probe *corev1.Probe
	}{{"Startup", spec.StartupProbe}, {"Liveness", spec.LivenessProbe}, {"Readiness", spec.ReadinessProbe}} {
		if one.probe != nil && !(one.kind == "Startup" && q.started) {
			m.spawn(func(context.Context) { m.probeLoop(ctx, q, api, id, one.kind, one.probe) })
		}
	}
}

func (q *probes) result(kind string, probe *corev1.Probe, good, bad bool, message string) (changed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch kind {
	case "Readiness":
		was := q.ready
		q.ready = good || q.ready && !bad
		return was != q.ready
	case "Startup":
		if good {
			q.started = true
			return true
		}
	}
	if !bad || q.dead != "" {
		return false
	}
	q.dead = fmt.Sprintf("its %s probe failed: %s", strings.ToLower(kind), message)
	q.grace = probe.TerminationGracePeriodSeconds
	return true
}

// The methods take nil for a container that has no probes (yet).
func (q *probes) hasStarted() bool {
	if q == nil {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.started
}

func (q *probes) isReady() bool {
	if q == nil {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.started && q.ready
}

func (q *probes) isDead() bool {
	why, _ := q.verdict()
	return why != ""
}

func (q *probes) verdict() (why string, grace *int64) {
	if q == nil {
		return "", nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dead, q.grace
}

func (q *probes) stop() {
	if q != nil && q.cancel != nil {
		q.cancel()
	}
}
