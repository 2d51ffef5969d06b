package serial

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// look is what the device told at one time: it holds as long as boot and generation do.
type look struct {
	boot, generation int64
	pods             []runtime.PodState
	// attempts by the device's own number.
	attempts map[int64]runtime.ContainerID
}

// Observe tells of all pods; where nothing has changed, what is known is told again.
func (d *device) Observe(ctx context.Context) ([]runtime.PodState, error) {
	ctx, cancel := d.patient(ctx)
	defer cancel()
	now, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	// Callers may change what they get.
	pods := slices.Clone(now.pods)
	for i := range pods {
		pods[i].Containers = slices.Clone(pods[i].Containers)
	}
	return pods, nil
}

func (d *device) look(ctx context.Context) (*look, error) {
	if err := d.looking.Acquire(ctx, 1); err != nil {
		return nil, d.link.noTurn(err)
	}
	defer d.looking.Release(1)
	generation := int64(0)
	if d.last != nil {
		generation = d.last.generation
	}
	first, err := d.status(ctx, generation, 0)
	if err != nil {
		return d.last, err
	}
	boot, err := first.Number("boot")
	if err != nil {
		return d.last, err
	}
	if _, same := first.Fields["same"]; same && d.last != nil {
		if d.last.boot == boot {
			return d.last, nil
		}
		// Another device, that has come to the same number.
		if first, err = d.status(ctx, 0, 0); err != nil {
			return d.last, err
		}
	}
	now, err := d.pages(ctx, boot, first)
	if err != nil {
		return d.last, err
	}
	d.last = now
	maps.DeleteFunc(d.messages.texts, func(id int64, _ string) bool { return now.attempts[id] == runtime.ContainerID{} })
	return now, nil
}

func (d *device) status(ctx context.Context, generation, after int64) (protocol.Answer, error) {
	return d.askWithin(ctx, func(line int) (string, error) { return fmt.Sprintf("status %d %d %d", generation, after, line), nil })
}

// pages reads on from the first page. Ids only grow, so what is made meanwhile comes on a later page.
func (d *device) pages(ctx context.Context, boot int64, page protocol.Answer) (*look, error) {
	now := &look{boot: boot, attempts: map[int64]runtime.ContainerID{}}
	if d.messages.texts == nil || d.messages.boot != boot {
		d.messages.boot, d.messages.texts = boot, map[int64]string{}
	}
	index := map[string]int{}
	for {
		// The oldest page says what has changed since.
		generation, err1 := page.Number("gen")
		clock, err2 := page.Number("time")
		other, err3 := page.Number("boot")
		for _, err := range []error{err1, err2, err3} {
			if err != nil {
				return nil, err
			}
		}
		if other != boot {
			return nil, fmt.Errorf("%s: the device was started anew meanwhile", d.config.Device)
		}
		if now.generation == 0 {
			now.generation = generation
		}
		d.times.set(boot, clock, d.clock.Now())
		after := int64(0)
		for _, item := range page.Items {
			id, err := d.take(ctx, now, index, item)
			if err != nil {
				return nil, fmt.Errorf("%s: status: %q: %w", d.config.Device, item, err)
			}
			after = id
		}
		if _, more := page.Fields["more"]; !more {
			break
		}
		if after == 0 {
			return nil, fmt.Errorf("%s: status: the device has more to tell and tells nothing", d.config.Device)
		}
		var err error
		if page, err = d.status(ctx, 0, after); err != nil {
			return nil, err
		}
	}
	for i := range now.pods {
		slices.SortStableFunc(now.pods[i].Containers, func(a, b runtime.ContainerState) int { return a.Attempt - b.Attempt })
	}
	return now, nil
}
