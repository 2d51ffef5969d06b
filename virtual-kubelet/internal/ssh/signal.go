package ssh

import "sync"

// signal wakes everybody who waits for it at that moment.
type signal struct {
	mutex sync.Mutex
	turn  chan struct{}
}

// next is closed with the next send.
func (s *signal) next() <-chan struct{} {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.turn == nil {
		s.turn = make(chan struct{})
	}
	return s.turn
}

func (s *signal) send() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.turn != nil {
		close(s.turn)
		s.turn = nil
	}
}
