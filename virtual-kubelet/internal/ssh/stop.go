package ssh

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// StopContainer leaves the rest to the device: the process is ended there after its grace, also when the connection is cut meanwhile.
func (d *device) StopContainer(ctx context.Context, id runtime.ContainerID, grace time.Duration) error {
	found, err := d.link.get(ctx)
	if err != nil {
		return err
	}
	seconds := int64((grace + time.Second - 1) / time.Second)
	if err := d.callIfInstalled(ctx, "stop", found.attempt(id), strconv.FormatInt(seconds, 10)); err != nil {
		return err
	}
	limit := time.Duration(seconds)*time.Second + d.config.Timeouts.Call.Duration
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		news := d.news.next()
		running, err := d.running(bounded, id)
		if err == nil && !running {
			return nil
		}
		if err != nil && bounded.Err() == nil {
			return err
		}
		select {
		case <-news:
		case <-time.After(time.Second):
		case <-bounded.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%s: container %s of pod %s still runs %s after it was killed; the device's kernel does not end it", d.config.Host, id.Name, id.Pod, d.config.Timeouts.Call.Duration)
		}
	}
}

// running takes a look that others who wait share.
func (d *device) running(ctx context.Context, id runtime.ContainerID) (bool, error) {
	look := d.looks.DoChan("", func() (any, error) { return d.Observe(context.WithoutCancel(ctx)) })
	select {
	case answer := <-look:
		if answer.Err != nil {
			return false, answer.Err
		}
		for _, pod := range answer.Val.([]runtime.PodState) {
			for _, container := range pod.Containers {
				if pod.UID == id.Pod && container.Name == id.Name && container.Attempt == id.Attempt {
					return container.Running, nil
				}
			}
		}
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
