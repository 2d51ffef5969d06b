package lifecycle

import (
	"context"
	"reflect"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// look is one answer of the place.
type look struct {
	// number tells which look it was; 0 before the first.
	number int
	pods   map[types.UID]runtime.PodState
}

// lookLoop asks the place again and again: when it hints at a change, when something was done, and every lookInterval.
func (m *Manager) lookLoop(ctx context.Context) {
	next := m.clock.Now().Add(lookInterval)
	for ctx.Err() == nil {
		wait := lookAgain
		if m.lookOnce(ctx) {
			wait = lookInterval
		}
		timer := m.clock.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-m.rt.Changes():
		case <-m.lookNow:
		case <-timer.C():
		}
		timer.Stop()
		if now := m.clock.Now(); !now.Before(next) {
			// Whatever others changed in the API is put right at the latest now.
			m.kickAll()
			next = now.Add(lookInterval)
		}
	}
}

func (m *Manager) lookOnce(ctx context.Context) bool {
	m.mu.Lock()
	m.begun++
	number := m.begun
	m.mu.Unlock()
	bounded, cancel := context.WithTimeout(ctx, lookTimeout)
	states, err := m.rt.Observe(bounded)
	cancel()
	if ctx.Err() != nil {
		return true
	}
	m.mu.Lock()
	was := m.failures >= 2
	m.lastLook = m.clock.Now()
	if err != nil {
		m.failures++
		m.failure = err
	} else {
		m.failures, m.failure = 0, nil
	}
	now := m.failures >= 2
	if err == nil || now {
		m.settle()
	}
	m.mu.Unlock()
	if was != now {
		m.log.Warn("the place changed its reachability", "reachable", !now, "error", err)
		signal(m.changed)
		defer m.kickAll()
	}
	if err != nil {
		return false
	}
	m.take(number, states)
	return true
}

// settle closes settled, once. Call with m.mu held.
func (m *Manager) settle() {
	select {
	case <-m.settled:
	default:
		close(m.settled)
	}
}

// take keeps the answer and wakes the pods that it tells something new about, and those that wait for a look.
func (m *Manager) take(number int, states []runtime.PodState) {
	pods := make(map[types.UID]runtime.PodState, len(states))
	for _, s := range states {
		pods[s.UID] = s
	}
	m.mu.Lock()
	before := m.look
	m.look = look{number, pods}
	wake := map[types.UID]struct{}{}
	for uid, s := range pods {
		if old, known := before.pods[uid]; !known || !reflect.DeepEqual(old, s) {
			wake[uid] = struct{}{}
		}
	}
	for uid := range before.pods {
		if _, still := pods[uid]; !still {
			wake[uid] = struct{}{}
		}
	}
	for uid, p := range m.pods {
		if p.waitsForLook.Load() {
			wake[uid] = struct{}{}
		}
	}
	m.mu.Unlock()
	if before.number == 0 {
		m.kickAll()
		return
	}
	for uid := range wake {
		m.kick(uid)
	}
}

// kickAll wakes every pod of the API, of the place, and of this memory.
func (m *Manager) kickAll() {
	wake := map[types.UID]struct{}{}
	if m.home.HasSynced() {
		if pods, err := m.home.Pods.List(labels.Everything()); err == nil {
			for _, p := range pods {
				wake[p.UID] = struct{}{}
				m.name(p.UID, p.Namespace, p.Name)
			}
		}
	}
	m.mu.Lock()
	for uid := range m.look.pods {
		wake[uid] = struct{}{}
	}
	for uid := range m.pods {
		wake[uid] = struct{}{}
	}
	m.mu.Unlock()
	for uid := range wake {
		m.kick(uid)
	}
	m.resolver.Sweep()
	m.backOff.GC()
}

// lookSoon asks for a look that begins after now and returns the number from which on looks have seen everything up to now.
func (m *Manager) lookSoon() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	signal(m.lookNow)
	return m.begun + 1
}
