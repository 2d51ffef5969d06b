package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Observe asks once for all pods.
func (d *device) Observe(ctx context.Context) ([]runtime.PodState, error) {
	output, err := d.call(ctx, nil, "observe")
	if errors.Is(err, errNotInstalled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	states, err := parse(string(output))
	if err != nil {
		return nil, fmt.Errorf("%s: observe: %w", d.config.Host, err)
	}
	for i := range states {
		if net.ParseIP(d.config.Host) != nil {
			states[i].IP = d.config.Host
		}
	}
	return states, nil
}

// parse reads what `observe` in scripts/60-tell.sh prints.
func parse(output string) ([]runtime.PodState, error) {
	var states []runtime.PodState
	address, whole := "", false
	for _, line := range strings.Split(strings.TrimSuffix(output, "\n"), "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		words := strings.Fields(rest)
		switch {
		case kind == "address":
			address = rest
		case kind == "end":
			whole = true
		case kind == "pod" && len(words) > 0:
			state := runtime.PodState{UID: types.UID(words[0]), IP: address}
			if len(words) == 3 {
				state.Namespace, state.Name = words[1], words[2]
			}
			states = append(states, state)
		case kind == "container" && len(states) > 0:
			container, err := parseContainer(words)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			last := &states[len(states)-1]
			last.Containers = append(last.Containers, container)
		case kind == "message" && len(states) > 0 && len(states[len(states)-1].Containers) > 0:
			containers := states[len(states)-1].Containers
			message := &containers[len(containers)-1].Message
			*message = strings.TrimPrefix(*message+"\n"+rest, "\n")
		default:
			return nil, fmt.Errorf("%q is not understood", line)
		}
	}
	if !whole {
		return nil, fmt.Errorf("%w: the answer was cut off", runtime.ErrUnreachable)
	}
	for _, state := range states {
		sort.SliceStable(state.Containers, func(i, j int) bool { return state.Containers[i].Attempt < state.Containers[j].Attempt })
	}
	return states, nil
}

// parseContainer reads "NAME ATTEMPT KIND STATE STARTED FINISHED CODE [REASON]".
func parseContainer(words []string) (runtime.ContainerState, error) {
	if len(words) < 7 {
		return runtime.ContainerState{}, errors.New("words are missing")
	}
	var numbers [4]int64
	for i, word := range []string{words[1], words[4], words[5], words[6]} {
		number, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return runtime.ContainerState{}, err
		}
		numbers[i] = number
	}
	state := runtime.ContainerState{Name: words[0], Attempt: int(numbers[0]), Init: words[2] == "init", Running: words[3] == "running"}
	state.StartedAt = second(numbers[1])
	if state.Running {
		return state, nil
	}
	// A clock may have been set meanwhile; nothing ends before it began.
	state.FinishedAt = second(max(numbers[1], numbers[2]))
	state.ExitCode, state.Reason = int(numbers[3]), strings.Join(words[7:], " ")
	if state.ExitCode > 128 && state.ExitCode <= 128+64 && state.Reason == "" {
		state.Signal = state.ExitCode - 128
	}
	return state, nil
}

func second(epoch int64) time.Time {
	if epoch == 0 {
		return time.Time{}
	}
	return time.Unix(epoch, 0)
}
