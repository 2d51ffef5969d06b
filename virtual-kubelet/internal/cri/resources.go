package cri

import (
	"github.com/prometheus/procfs"
	corev1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	// The kernel's CPU bandwidth: microseconds of a period, and the smallest quota it takes.
	cpuPeriod   = 100_000
	minQuota    = 1_000
	minShares   = 2
	maxShares   = 262_144
	sharesOfCPU = 1_024
	// What a kubelet sets: who asked for nothing goes first when memory is short.
	guaranteedScore = -997
	bestEffortScore = 1_000
	minBurstable    = 3
)

// resources are the limits that the kernel holds a container to.
func resources(pod *corev1.Pod, c *corev1.Container) *runtimeapi.LinuxContainerResources {
	out := &runtimeapi.LinuxContainerResources{CpuPeriod: cpuPeriod, CpuShares: minShares, OomScoreAdj: oomScore(pod, c, memoryOfMachine())}
	limits, requests := c.Resources.Limits, c.Resources.Requests
	shares := requests.Cpu().MilliValue()
	if _, said := requests[corev1.ResourceCPU]; !said {
		shares = limits.Cpu().MilliValue()
	}
	out.CpuShares = min(max(shares*sharesOfCPU/1000, minShares), maxShares)
	if limit := limits.Cpu().MilliValue(); limit > 0 {
		out.CpuQuota = max(limit*cpuPeriod/1000, minQuota)
	}
	if limit := limits.Memory().Value(); limit > 0 {
		out.MemoryLimitInBytes = limit
		if unified() {
			// Swap would be beyond the limit.
			out.MemorySwapLimitInBytes = limit
		}
	}
	return out
}

func oomScore(pod *corev1.Pod, c *corev1.Container, memory int64) int64 {
	switch pod.Status.QOSClass {
	case corev1.PodQOSGuaranteed:
		return guaranteedScore
	case corev1.PodQOSBurstable:
		if memory > 0 {
			score := 1000 - 1000*c.Resources.Requests.Memory().Value()/memory
			return min(max(score, minBurstable), bestEffortScore-1)
		}
	}
	return bestEffortScore
}

// memoryOfMachine in bytes, 0 when it cannot be read.
func memoryOfMachine() int64 {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return 0
	}
	memory, err := proc.Meminfo()
	if err != nil || memory.MemTotalBytes == nil {
		return 0
	}
	return int64(*memory.MemTotalBytes)
}
