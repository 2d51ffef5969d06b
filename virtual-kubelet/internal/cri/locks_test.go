package cri

import (
	goruntime "runtime"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestOneOrderAtATimeForEachPod(t *testing.T) {
	var locks podLocks
	var orders sync.WaitGroup
	// The race detector and the sum both tell when two hold the same pod.
	counts := map[bool]*int{true: new(int), false: new(int)}
	for i := range 200 {
		orders.Go(func() {
			even := i%2 == 0
			uid := map[bool]string{true: "even", false: "odd"}[even]
			defer locks.lock(types.UID(uid))()
			*counts[even]++
		})
	}
	orders.Wait()
	if *counts[true] != 100 || *counts[false] != 100 {
		t.Fatalf("%d and %d orders were carried out, of 100 each", *counts[true], *counts[false])
	}
	if len(locks.locks) != 0 {
		t.Fatalf("%d locks are left", len(locks.locks))
	}
}

func TestWhoWaitsForALockGetsTheSameOneAsWhoComesLater(t *testing.T) {
	var locks podLocks
	unlock := locks.lock("pod")
	held := make(chan func())
	take := func() { held <- locks.lock("pod") }
	users := func() int {
		locks.mu.Lock()
		defer locks.mu.Unlock()
		return locks.locks["pod"].users
	}
	go take()
	for users() < 2 {
		goruntime.Gosched()
	}
	unlock()
	unlock = <-held
	go take()
	for users() < 2 {
		goruntime.Gosched()
	}
	select {
	case <-held:
		t.Fatal("two hold the pod's lock")
	default:
	}
	unlock()
	(<-held)()
}
