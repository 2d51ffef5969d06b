package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// quiet is how long a service may say nothing before it is left, when its client has ended: it may be one that never notices.
const quiet = time.Minute

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
	return join(stream, remote, quiet)
}

// join copies both ways until the service's side is done: a client that says nothing more may still listen.
func join(stream io.ReadWriteCloser, remote net.Conn, quiet time.Duration) error {
	defer stream.Close()
	defer remote.Close()
	answer := &answer{Writer: stream, quiet: quiet, close: func() { remote.Close() }}
	go func() {
		_, _ = io.Copy(remote, stream)
		if half, ok := remote.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		answer.last()
	}()
	_, err := io.Copy(answer, remote)
	return err
}

// answer is what a service says. After its client's last word, a long silence of it is the end.
type answer struct {
	io.Writer
	quiet time.Duration
	close func()
	timer atomic.Pointer[time.Timer]
}

func (a *answer) last() { a.timer.Store(time.AfterFunc(a.quiet, a.close)) }

func (a *answer) Write(text []byte) (int, error) {
	if timer := a.timer.Load(); timer != nil {
		timer.Reset(a.quiet)
	}
	return a.Writer.Write(text)
}
