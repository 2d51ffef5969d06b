package serial

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// longestLook bounds what is added to a look's deadline: an agent whose loop does not come round counts as hanging after 3 minutes.
const longestLook = 2 * time.Minute

// caused is a context whose Err is why it was ended.
type caused struct{ context.Context }

func (c caused) Err() error {
	if c.Context.Err() == nil {
		return nil
	}
	return context.Cause(c.Context)
}

// patient has a deadline count from the device's last answer: on a slow line a look takes longer than one waits for a device that is
// silent, and a device that answers is not lost.
func (d *device) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return ctx, func() {}
	}
	allowed := time.Until(deadline)
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-ctx.Done():
		case <-inner.Done():
			return
		}
		err := ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			err = d.outlast(inner, allowed)
		}
		cancel(err)
	}()
	return caused{inner}, func() { cancel(nil) }
}

// outlast waits until the device has been silent for as long as is allowed, or ctx ends, and returns why there is no more waiting.
func (d *device) outlast(ctx context.Context, allowed time.Duration) error {
	longest := time.After(longestLook)
	for {
		last := d.link.answered.Load()
		if last == nil || time.Since(*last) >= allowed {
			return context.DeadlineExceeded
		}
		select {
		case <-time.After(allowed - time.Since(*last)):
		case <-longest:
			return fmt.Errorf("the device answers, but a look takes longer than %s", longestLook)
		case <-d.ending:
			return context.Canceled
		case <-ctx.Done():
			return nil
		}
	}
}
