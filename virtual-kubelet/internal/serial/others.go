package serial

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// Exec is nothing that the protocol has: a line carries one request at a time, and a device has one interpreter for its program.
func (d *device) Exec(context.Context, runtime.ContainerID, []string, runtime.Streams) error {
	return fmt.Errorf("exec: a device on a serial line runs its containers' own commands only: %w", runtime.ErrNotPossible)
}

// Stats asks for what running containers use; a device that does not know the request has no figures.
func (d *device) Stats(ctx context.Context) ([]runtime.ContainerStats, error) {
	now, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	var stats []runtime.ContainerStats
	for after := int64(0); ; {
		answer, err := d.askWithin(ctx, func(line int) (string, error) { return fmt.Sprintf("stats %d %d", after, line), nil })
		var refusal deviceError
		if errors.As(err, &refusal) && refusal.code == protocol.CodeUnknown {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		second, err := answer.Number("time")
		if err != nil {
			return nil, err
		}
		before := after
		for _, item := range answer.Items {
			id, one, err := usage(item)
			if err != nil {
				return nil, fmt.Errorf("%s: stats: %q: %w", d.config.Device, item, err)
			}
			after = id
			container, known := now.attempts[id]
			if !known {
				// It was started after the look.
				continue
			}
			one.ID, one.Time = container, d.times.time(second)
			stats = append(stats, one)
		}
		if _, more := answer.Fields["more"]; !more || after == before {
			return stats, nil
		}
	}
}

// usage reads "s:ID:CPU:MEMORY".
func usage(item []string) (int64, runtime.ContainerStats, error) {
	if len(item) < 4 || item[0] != "s" {
		return 0, runtime.ContainerStats{}, errors.New("is not understood")
	}
	id, err1 := strconv.ParseInt(item[1], 10, 64)
	cpu, err2 := strconv.ParseUint(item[2], 10, 64)
	memory, err3 := strconv.ParseUint(item[3], 10, 64)
	return id, runtime.ContainerStats{CPUNanoseconds: cpu, MemoryBytes: memory}, errors.Join(err1, err2, err3)
}
