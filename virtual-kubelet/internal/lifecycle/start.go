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

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
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

// carryOut prepares the pod and starts containers; it returns after what time to try again what did not work.
func (m *Manager) carryOut(ctx context.Context, p *pod, t turn, starts []startOrder) time.Duration {
	select {
	case m.starts <- struct{}{}:
		defer func() { <-m.starts }()
	case <-ctx.Done():
		return 0
	}
	spec, err := m.prepare(ctx, p, t, len(starts) > 0)
	if err != nil {
		wait := m.retry(p)
		if len(starts) == 0 {
			wait = refreshAgain
		}
		return wait
	}
	if len(starts) > 0 && t.state.IP == "" && needsIP(t.api) {
		// The address is known once the place has the pod.
		p.waitsForLook.Store(true)
		m.lookSoon()
		return retryInterval
	}
	var wake time.Duration
	for _, o := range starts {
		if err := m.start(ctx, p, t, spec, o); err != nil {
			wake = sooner(wake, m.retry(p))
		}
	}
	if wake == 0 {
		p.tries = 0
	}
	return wake
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

// start starts one attempt of a container.
func (m *Manager) start(ctx context.Context, p *pod, t turn, pod runtime.PodSpec, o startOrder) error {
	env, err := m.resolver.Env(ctx, t.api, o.v.spec, t.state.IP)
	if err != nil {
		m.notStarted(p, t, o, runtime.NotStarted{Reason: reasonConfig, Message: err.Error()}, false)
		return err
	}
	spec := runtime.ContainerSpec{Container: expanded(o.v.spec, env), Init: o.v.init, Attempt: o.attempt, Env: env}
	if err := m.rt.StartContainer(ctx, pod, spec); err != nil {
		var not runtime.NotStarted
		switch {
		case errors.Is(err, runtime.ErrUnreachable), ctx.Err() != nil:
			return err
		case !errors.As(err, &not):
			not = runtime.NotStarted{Reason: "CreateContainerError", Message: err.Error()}
		}
		m.notStarted(p, t, o, not, true)
		return nil
	}
	m.home.Events.Eventf(t.api, corev1.EventTypeNormal, "Started", "Started container %s", o.v.spec.Name)
	p.mu.Lock()
	p.waitsForLook.Store(true)
	o.v.mem.begun, o.v.mem.begunLook = o.attempt, m.lookSoon()
	o.v.mem.waiting, o.v.mem.failedStart = nil, time.Time{}
	p.mu.Unlock()
	if o.v.hasEnded() {
		m.backOff.Next(crashKey(p, o.v), o.v.mem.endedAt)
	}
	if o.attempt > 0 {
		m.mu.Lock()
		m.restarts++
		m.mu.Unlock()
	}
	m.postStart(p, t.api, o)
	return nil
}

// notStarted keeps why a container does not run yet, and makes the next try wait where the place refused.
func (m *Manager) notStarted(p *pod, t turn, o startOrder, not runtime.NotStarted, backOff bool) {
	m.home.Events.Eventf(t.api, corev1.EventTypeWarning, "Failed", "Error: %s: %s", not.Reason, not.Message)
	p.mu.Lock()
	defer p.mu.Unlock()
	o.v.mem.waiting = &corev1.ContainerStateWaiting{Reason: not.Reason, Message: not.Message}
	if backOff {
		m.startFailed(p, o.v)
		m.clock.AfterFunc(m.backOff.Get(startKey(p, o.v)), func() { m.kick(p.uid) })
	}
}

// expanded is the container with $(NAME) replaced in its command and arguments.
func expanded(c *corev1.Container, env []runtime.EnvVar) *corev1.Container {
	values := make(map[string]string, len(env))
	for _, e := range env {
		values[e.Name] = e.Value
	}
	c = c.DeepCopy()
	for _, list := range [][]string{c.Command, c.Args} {
		for i := range list {
			list[i] = resolve.Expand(list[i], values)
		}
	}
	for i := range c.VolumeMounts {
		if mount := &c.VolumeMounts[i]; mount.SubPathExpr != "" {
			mount.SubPath, mount.SubPathExpr = resolve.Expand(mount.SubPathExpr, values), ""
		}
	}
	return c
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
