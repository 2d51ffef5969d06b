package lifecycle

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// pod is what is remembered of one pod between two syncs. All of it may be lost with the agent: what counts lies at the place and in the API.
type pod struct {
	uid types.UID
	// waitsForLook is set while the next step needs a look that was not taken yet.
	waitsForLook atomic.Bool

	// turn guards who works on the pod: one goroutine at a time, again if something came up meanwhile.
	turn struct {
		sync.Mutex
		working, again bool
		timer          clock.Timer
	}

	// finished is set when the object was deleted from the API, and removedLook is the look that will show that the place has nothing of
	// the pod any more; released is set when nothing but its logs is held there. Only the pod's turns use these.
	finished, released bool
	removedLook        int
	// last is the status that the object gets before it goes, as it was when the place could still tell.
	last *corev1.PodStatus
	// tries in a row to prepare or start the pod that failed, or to have the API hear of its end.
	tries int

	mu              sync.Mutex
	namespace, name string
	prepared        time.Time
	// filesHash of what was put to the place; empty when that is not known.
	filesHash string
	// outdated is set while the place has not the newest of them; that was told.
	outdated   bool
	containers map[string]*container
	// refused was told once in an event.
	refused bool
	// status is the last one that was computed.
	status *corev1.PodStatus
	// cut ends the start that is being made, if one is.
	cut context.CancelFunc
	// orders that run: stops of containers by container name.
	stops map[string]*stop
	// problem says why nothing can be prepared, in the words of a waiting state.
	problem *corev1.ContainerStateWaiting
	// endBegan is when the pod's containers were asked to end.
	endBegan time.Time
}

// container is what is remembered of one container.
type container struct {
	// begun is the attempt that was started last, and the look that will show it.
	begun, begunLook int
	// ended is the attempt that was seen ended last, and when that was seen by this machine's clock.
	ended   int
	endedAt time.Time
	// waiting says why the next attempt is not there yet.
	waiting *corev1.ContainerStateWaiting
	probes  *probes
	// lastWords are the end of the log of the attempt that ended last, where the container wants them for its message.
	lastWords string
	heard     int
	// failedStart is when starting failed last.
	failedStart time.Time
}

// stop is an order to end one attempt of a container.
type stop struct {
	attempt int
	grace   time.Duration
	running bool
	cancel  context.CancelFunc
	// done when the place confirmed it, and the look that will show it.
	done bool
	look int
	// failed is when the place did not take the order.
	failed time.Time
}

func newPod(uid types.UID) *pod {
	return &pod{uid: uid, containers: map[string]*container{}, stops: map[string]*stop{}}
}

func (p *pod) container(name string) *container {
	c := p.containers[name]
	if c == nil {
		c = &container{begun: -1, ended: -1, heard: -1}
		p.containers[name] = c
	}
	return c
}
