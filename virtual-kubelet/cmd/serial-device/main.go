// serial-device is the reference for makers of devices: it speaks docs/virtual-nodes/serial-protocol.md and runs real processes.
//
//	serial-device --directory /var/lib/device --device /dev/ttyS1 --baud 115200
//	serial-device --directory /tmp/device --pty /tmp/line
package main

import (
	"fmt"
	"os"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/device"
)

func main() {
	if err := device.Main(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "serial-device:", err)
		os.Exit(1)
	}
}
