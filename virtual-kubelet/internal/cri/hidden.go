package cri

import "path/filepath"

// What of the kernel's files a container neither sees nor changes, by a kubelet's lists: a runtime leaves it to who asks for the container.
var (
	maskedPaths = []string{
		"/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
		"/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
	}
	readonlyPaths = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
)

// throttles tell of each of the machine's processors what others do with it.
const throttles = "/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle"

// masked are the paths that a container does not see on this machine.
func masked() []string {
	// The pattern is ours and well-formed.
	found, _ := filepath.Glob(throttles)
	return append(found, maskedPaths...)
}
