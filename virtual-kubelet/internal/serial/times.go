package serial

import (
	"sync"
	"time"
)

// noClock is the second before which a device's time is one since its start: it has no clock, or nobody set it.
const noClock = 1_000_000_000

// times tells the seconds of a device. One without a clock gets this machine's; what it says of one and the same second never varies.
type times struct {
	mutex sync.Mutex
	boot  int64
	known bool
	start time.Time
}

// set is called with the device's second and this machine's time of the same moment.
func (t *times) set(boot, second int64, now time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if second >= noClock || t.known && t.boot == boot {
		return
	}
	t.boot, t.known, t.start = boot, true, now.Add(-time.Duration(second)*time.Second).Truncate(time.Second)
}

func (t *times) time(second int64) time.Time {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	switch {
	case second == 0:
		return time.Time{}
	case second < noClock && t.known:
		return t.start.Add(time.Duration(second) * time.Second)
	}
	return time.Unix(second, 0)
}

// second is the device's second of a time, not before 0.
func (t *times) second(at time.Time) int64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.known {
		return max(int64(at.Sub(t.start)/time.Second), 0)
	}
	return max(at.Unix(), 0)
}
