package cri

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// podLocks keep the orders for each pod in a row. A lock is there as long as somebody holds it or waits for it.
type podLocks struct {
	mu    sync.Mutex
	locks map[types.UID]*podLock
}

type podLock struct {
	sync.Mutex
	// users hold it or wait for it.
	users int
}

// lock returns what unlocks.
func (l *podLocks) lock(uid types.UID) (unlock func()) {
	l.mu.Lock()
	if l.locks == nil {
		l.locks = map[types.UID]*podLock{}
	}
	mine := l.locks[uid]
	if mine == nil {
		mine = &podLock{}
		l.locks[uid] = mine
	}
	mine.users++
	l.mu.Unlock()
	mine.Lock()
	return func() {
		mine.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(l.locks, uid)
		}
	}
}
