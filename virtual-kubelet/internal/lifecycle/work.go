package lifecycle

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
)

// record finds or makes what is remembered of a pod.
func (m *Manager) record(uid types.UID) *pod {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pods[uid]
	if p == nil {
		p = newPod(uid)
		if s, ok := m.look.pods[uid]; ok {
			p.namespace, p.name = s.Namespace, s.Name
		}
		m.pods[uid] = p
	}
	return p
}

func (m *Manager) name(uid types.UID, namespace, name string) {
	p := m.record(uid)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.namespace, p.name = namespace, name
}

// kick has the pod looked at: now, or once more when somebody is at it.
func (m *Manager) kick(uid types.UID) {
	p := m.record(uid)
	m.cutOff(p)
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.turn.working {
		p.turn.again = true
		return
	}
	p.turn.working = m.spawn(func(ctx context.Context) { m.work(ctx, p) })
}

// spawn runs something until it is over or the agent ends; it is false when the agent does not run.
func (m *Manager) spawn(do func(ctx context.Context)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx == nil || m.ctx.Err() != nil {
		return false
	}
	m.tasks.Add(1)
	ctx := m.ctx
	go func() {
		defer m.tasks.Done()
		do(ctx)
	}()
	return true
}

func (m *Manager) work(ctx context.Context, p *pod) {
	for {
		wait := m.sync(ctx, p)
		p.turn.Lock()
		if (p.turn.again || wait == atOnce) && ctx.Err() == nil {
			p.turn.again = false
			p.turn.Unlock()
			continue
		}
		p.turn.working = false
		if p.turn.timer != nil {
			p.turn.timer.Stop()
			p.turn.timer = nil
		}
		if wait > 0 && ctx.Err() == nil {
			p.turn.timer = m.clock.AfterFunc(wait, func() { m.kick(p.uid) })
		}
		p.turn.Unlock()
		return
	}
}

// forget drops a pod that is gone from the API and from the place.
func (m *Manager) forget(p *pod) {
	p.mu.Lock()
	for _, c := range p.containers {
		c.probes.stop()
	}
	p.mu.Unlock()
	m.mu.Lock()
	delete(m.pods, p.uid)
	m.mu.Unlock()
	m.resolver.Forget(p.uid)
}

// close ends probes and timers.
func (m *Manager) close() {
	m.mu.Lock()
	pods := make([]*pod, 0, len(m.pods))
	for _, p := range m.pods {
		pods = append(pods, p)
	}
	m.mu.Unlock()
	for _, p := range pods {
		p.mu.Lock()
		for _, c := range p.containers {
			c.probes.stop()
		}
		p.mu.Unlock()
		p.turn.Lock()
		if p.turn.timer != nil {
			p.turn.timer.Stop()
		}
		p.turn.Unlock()
	}
}
