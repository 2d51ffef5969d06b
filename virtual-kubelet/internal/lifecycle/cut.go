package lifecycle

import "context"

// cuttable is a context for the start of a pod that ends when the pod is to end: an image takes its time, and would come in vain.
// Places take being cut off anywhere.
func (m *Manager) cuttable(ctx context.Context, p *pod) (cut context.Context, done func()) {
	cut, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	p.cut = cancel
	p.mu.Unlock()
	// What was told before.
	m.cutOff(p)
	return cut, func() {
		p.mu.Lock()
		p.cut = nil
		p.mu.Unlock()
		cancel()
	}
}

// cutOff ends the start of a pod that is to end.
func (m *Manager) cutOff(p *pod) {
	p.mu.Lock()
	cut := p.cut
	p.mu.Unlock()
	if cut != nil && ending(m.find(p)) {
		cut()
	}
}
