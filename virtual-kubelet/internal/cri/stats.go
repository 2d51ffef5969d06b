package cri

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Stats are the runtime's figures of what runs.
func (m *machine) Stats(ctx context.Context) ([]runtime.ContainerStats, error) {
	rt, err := m.runtime(ctx)
	if err != nil {
		return nil, err
	}
	all, err := rt.ListContainerStats(ctx, &runtimeapi.ContainerStatsFilter{LabelSelector: m.own("")})
	if err != nil {
		return nil, failed(err)
	}
	var out []runtime.ContainerStats
	for _, one := range all {
		about, cpu, memory := one.GetAttributes(), one.GetCpu(), one.GetMemory()
		if cpu.GetUsageCoreNanoSeconds() == nil || memory.GetWorkingSetBytes() == nil {
			// It has ended meanwhile.
			continue
		}
		out = append(out, runtime.ContainerStats{
			ID: runtime.ContainerID{
				Pod: types.UID(about.GetLabels()[labelPod]), Name: about.GetMetadata().GetName(), Attempt: int(about.GetMetadata().GetAttempt()),
			},
			CPUNanoseconds: cpu.GetUsageCoreNanoSeconds().GetValue(), MemoryBytes: memory.GetWorkingSetBytes().GetValue(),
			Time: time.Unix(0, cpu.GetTimestamp()),
		})
	}
	return out, nil
}
