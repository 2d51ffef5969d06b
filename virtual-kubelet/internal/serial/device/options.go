// Package device is the reference for makers of devices: the other end of docs/virtual-nodes/serial-protocol.md, with real processes.
// It is written for reading: one lock, requests one after the other, answers that are computed anew for every repetition.
package device

import (
	"fmt"
	"path/filepath"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// Options of a device. The zero value of a limit is its default.
type Options struct {
	// Directory keeps everything, also over a restart; it is needed.
	Directory string
	// Line is the longest frame that the device takes, in bytes with its line feed. Default: 2048.
	Line int
	// Pods is how many there may be, default 16; Containers how many may run at a time, default 32.
	Pods, Containers int
	// Document is the longest description of what a container runs, in bytes. Default: 64 KiB.
	Document int
	// File is the largest file of a volume, Files the sum of a pod's, in bytes. Defaults: 1 MiB and 4 MiB.
	File, Files int
	// Log is how much of each attempt's log is kept, in bytes; the oldest lines go first. Default: 256 KiB.
	Log int
}

func (o *Options) complete() error {
	if !filepath.IsAbs(o.Directory) {
		return fmt.Errorf("directory: %q is not an absolute path", o.Directory)
	}
	for _, limit := range []struct {
		value             *int
		standard, minimum int
		name              string
	}{
		{&o.Line, 2048, protocol.MinLine, "line"}, {&o.Pods, 16, 1, "pods"}, {&o.Containers, 32, 1, "containers"},
		{&o.Document, 64 << 10, 256, "document"}, {&o.File, 1 << 20, 1, "file"}, {&o.Files, 4 << 20, 1, "files"}, {&o.Log, 256 << 10, 1024, "log"},
	} {
		if *limit.value == 0 {
			*limit.value = limit.standard
		}
		if *limit.value < limit.minimum {
			return fmt.Errorf("%s: %d is less than %d", limit.name, *limit.value, limit.minimum)
		}
	}
	if o.Line > protocol.MaxLine {
		return fmt.Errorf("line: %d is more than %d", o.Line, protocol.MaxLine)
	}
	return nil
}
