package ssh

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// tick is the unit of CPU time in /proc/PID/stat, the same on every Linux.
const tick = 10 * time.Millisecond

// Stats sums up the processes of every running container's session. A device without /proc has none.
func (d *device) Stats(ctx context.Context) ([]runtime.ContainerStats, error) {
	output, err := d.call(ctx, nil, "usage")
	if errors.Is(err, errNotInstalled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var stats []runtime.ContainerStats
	var at time.Time
	page := uint64(4096)
	for i, line := range strings.Split(strings.TrimSpace(string(output)), "\n") {
		words := strings.Fields(line)
		switch {
		case i == 0 && len(words) == 1:
			epoch, _ := strconv.ParseInt(words[0], 10, 64)
			at = time.Unix(epoch, 0)
		case len(words) == 2 && words[0] == "page":
			if kilobytes, err := strconv.ParseUint(words[1], 10, 64); err == nil {
				page = kilobytes * 1024
			}
		case len(words) == 3:
			one, err := parseUsage(words, page)
			if err != nil {
				return nil, fmt.Errorf("%s: usage: %q: %w", d.config.Host, line, err)
			}
			one.Time = at
			stats = append(stats, one)
		}
	}
	return stats, nil
}

// parseUsage reads "UID/containers/NAME/ATTEMPT TICKS PAGES".
func parseUsage(words []string, page uint64) (runtime.ContainerStats, error) {
	parts := strings.Split(words[0], "/")
	if len(parts) != 4 {
		return runtime.ContainerStats{}, errors.New("no container")
	}
	attempt, err1 := strconv.Atoi(parts[3])
	ticks, err2 := strconv.ParseUint(words[1], 10, 64)
	pages, err3 := strconv.ParseUint(words[2], 10, 64)
	id := runtime.ContainerID{Pod: types.UID(parts[0]), Name: parts[2], Attempt: attempt}
	return runtime.ContainerStats{ID: id, CPUNanoseconds: ticks * uint64(tick), MemoryBytes: pages * page}, errors.Join(err1, err2, err3)
}
