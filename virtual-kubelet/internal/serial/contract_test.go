package serial

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime/contract"
	reference "pulumi-kubeadm/virtual-kubelet/internal/serial/device"
)

// agents stands for whichever agent has the line now: there can be one only.
type agents struct {
	atomic.Pointer[device]
	end func()
}

// current is what every caller has: when an agent was replaced, the new one answers.
type current struct{ *agents }

func (c current) Unsupported(pod *corev1.Pod) []string { return c.Load().Unsupported(pod) }
func (c current) PreparePod(ctx context.Context, pod runtime.PodSpec) error {
	return c.Load().PreparePod(ctx, pod)
}

func (c current) StartContainer(ctx context.Context, pod runtime.PodSpec, container runtime.ContainerSpec) error {
	return c.Load().StartContainer(ctx, pod, container)
}

func (c current) StopContainer(ctx context.Context, id runtime.ContainerID, grace time.Duration) error {
	return c.Load().StopContainer(ctx, id, grace)
}

func (c current) Observe(ctx context.Context) ([]runtime.PodState, error) {
	return c.Load().Observe(ctx)
}
func (c current) Changes() <-chan struct{} { return c.Load().Changes() }
func (c current) RemovePod(ctx context.Context, uid types.UID) error {
	return c.Load().RemovePod(ctx, uid)
}
func (c current) Logs(ctx context.Context, id runtime.ContainerID, options runtime.LogOptions) (io.ReadCloser, error) {
	return c.Load().Logs(ctx, id, options)
}

func (c current) Exec(ctx context.Context, id runtime.ContainerID, command []string, streams runtime.Streams) error {
	return c.Load().Exec(ctx, id, command, streams)
}

func (c current) Stats(ctx context.Context) ([]runtime.ContainerStats, error) {
	return c.Load().Stats(ctx)
}

func TestContract(t *testing.T) {
	b := newBench(t, reference.Options{Pods: 200, Containers: 200})
	all := &agents{}
	open := func(t *testing.T) runtime.Runtime {
		if all.end != nil {
			all.end()
		}
		var d *device
		d, all.end = b.agent("timeout: 3s\n")
		all.Store(d)
		return current{all}
	}
	contract.Run(t, open,
		contract.Cut(b.unplug, b.plug),
		contract.Many(10),
		contract.Without("exec", "a device on a serial line runs its containers' own commands only"),
		contract.Without("exec refused", "a device on a serial line runs its containers' own commands only"),
		contract.Without("exec cancelled", "a device on a serial line runs its containers' own commands only"),
		contract.Without("terminal", "a device on a serial line runs its containers' own commands only"),
	)
}
