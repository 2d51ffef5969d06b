package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"golang.org/x/crypto/ssh"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Attach shows what a container's process prints from now on. A process there has no standard input.
func (d *device) Attach(ctx context.Context, id runtime.ContainerID, streams runtime.Streams) error {
	log, err := d.Logs(ctx, id, runtime.LogOptions{Follow: true})
	if err != nil {
		return err
	}
	defer log.Close()
	output := streams.Stdout
	if output == nil {
		output = io.Discard
	}
	_, err = io.Copy(output, log)
	return err
}

// PortForward reaches a port that the pod's processes listen on at the device's loopback address.
func (d *device) PortForward(ctx context.Context, _ types.UID, port int32, stream io.ReadWriteCloser) error {
	bounded, cancel := context.WithTimeout(ctx, d.config.Timeouts.Call.Duration)
	defer cancel()
	found, err := d.link.get(bounded)
	if err != nil {
		return err
	}
	remote, err := found.DialContext(bounded, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) && refused.Reason == ssh.Prohibited {
		return fmt.Errorf("%w: %s: its sshd forwards nothing (AllowTcpForwarding): %w", runtime.ErrNotPossible, d.config.Host, err)
	}
	if err != nil {
		return fmt.Errorf("%s: port %d: %w", d.config.Host, port, err)
	}
	stop := context.AfterFunc(ctx, func() { remote.Close() })
	defer stop()
	defer remote.Close()
	defer stream.Close()
	back := make(chan error, 1)
	go func() {
		_, err := io.Copy(stream, remote)
		back <- err
	}()
	_, err = io.Copy(remote, stream)
	if half, ok := remote.(interface{ CloseWrite() error }); ok && err == nil {
		err = half.CloseWrite()
	}
	return errors.Join(err, <-back)
}
