package serial

import (
	"context"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// take reads "p:ID:UID:NAMESPACE:NAME" or "a:ID:POD:NAME:NUMBER:KIND:STATE:STARTED:ENDED:CODE:SIGNAL:REASON:MESSAGE".
func (d *device) take(ctx context.Context, now *look, index map[string]int, item []string) (int64, error) {
	kind := item[0]
	if kind != "p" && kind != "a" || len(item) < map[string]int{"p": 5, "a": 13}[kind] {
		return 0, fmt.Errorf("is not understood")
	}
	id, err := strconv.ParseInt(item[1], 10, 64)
	if err != nil {
		return 0, err
	}
	if kind == "p" {
		index[item[1]] = len(now.pods)
		now.pods = append(now.pods, runtime.PodState{UID: types.UID(item[2]), Namespace: item[3], Name: item[4]})
		return id, nil
	}
	at, known := index[item[2]]
	if !known {
		// Its pod was taken away between two pages.
		return id, nil
	}
	pod := &now.pods[at]
	state, length, err := d.attempt(item)
	if err != nil {
		return 0, err
	}
	container := runtime.ContainerID{Pod: pod.UID, Name: state.Name, Attempt: state.Attempt}
	now.attempts[id] = container
	if length > 0 {
		if state.Message, err = d.message(ctx, id, container, length); err != nil {
			return 0, err
		}
	}
	pod.Containers = append(pod.Containers, state)
	return id, nil
}

func (d *device) attempt(item []string) (runtime.ContainerState, int, error) {
	var numbers [6]int64
	for i, at := range []int{4, 7, 8, 9, 10, 12} {
		number, err := strconv.ParseInt(item[at], 10, 64)
		if err != nil {
			return runtime.ContainerState{}, 0, err
		}
		numbers[i] = number
	}
	state := runtime.ContainerState{Name: item[3], Attempt: int(numbers[0]), Init: item[5] == "init", Running: item[6] == "running"}
	state.StartedAt = d.times.time(numbers[1])
	if state.Running {
		return state, 0, nil
	}
	// A clock may have been set meanwhile; nothing ends before it began.
	state.FinishedAt = d.times.time(max(numbers[1], numbers[2]))
	state.ExitCode, state.Signal = int(numbers[3]), int(numbers[4])
	if item[11] != "-" {
		state.Reason = item[11]
	}
	return state, int(numbers[5]), nil
}

// message is read once: an attempt that has ended says nothing more.
func (d *device) message(ctx context.Context, id int64, container runtime.ContainerID, length int) (string, error) {
	if text, known := d.messages.texts[id]; known {
		return text, nil
	}
	var text []byte
	for len(text) < min(length, 4096) {
		answer, err := d.askWithin(ctx, func(line int) (string, error) {
			return fmt.Sprintf("message %s %s %d %d %d", container.Pod, container.Name, container.Attempt, len(text), line), nil
		})
		if err != nil {
			return "", err
		}
		piece, err := answer.Bytes("data")
		if err != nil {
			return "", err
		}
		if len(piece) == 0 {
			break
		}
		text = append(text, piece...)
	}
	d.messages.texts[id] = string(text)
	return string(text), nil
}
