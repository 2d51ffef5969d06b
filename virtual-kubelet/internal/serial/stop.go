package serial

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// StopContainer has the device end the container, and asks until it has. The device counts the grace: it ends it also when nobody asks any more.
func (d *device) StopContainer(ctx context.Context, id runtime.ContainerID, grace time.Duration) error {
	until := time.Now().Add(grace)
	for {
		// Said again with what is left, the device's own deadline stays as it is.
		left := max(0, (time.Until(until)+time.Second-1)/time.Second)
		answer, err := d.ask(ctx, "stop", id.Pod, id.Name, id.Attempt, int64(left))
		if errors.Is(err, runtime.ErrNotFound) {
			return nil
		}
		if err != nil || answer.Fields["state"] != "running" {
			return err
		}
		if err := d.sleep(ctx); err != nil {
			return fmt.Errorf("%s: container %s of pod %s still runs: %w", d.config.Device, id.Name, id.Pod, err)
		}
	}
}

// RemovePod has the device end everything of the pod, and asks until nothing is left.
func (d *device) RemovePod(ctx context.Context, uid types.UID) error {
	for {
		answer, err := d.ask(ctx, "remove", uid)
		if err != nil {
			return err
		}
		left, err := strconv.Atoi(answer.Fields["left"])
		if err != nil {
			return fmt.Errorf("%s: remove: %w", d.config.Device, err)
		}
		if left == 0 {
			return nil
		}
		if err := d.sleep(ctx); err != nil {
			return fmt.Errorf("%s: %d containers of pod %s still run: %w", d.config.Device, left, uid, err)
		}
	}
}
