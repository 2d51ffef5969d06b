package cri

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// streaming is the runtime's server for streams on loopback: whoever knows the address it just gave out is let in, and a certificate of
// it, where it has one, is its own.
func streaming() *rest.Config {
	return &rest.Config{TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
}

// Exec runs a command in the container. One that has a deadline, as those of probes and preStop hooks have, is ended by the runtime then, and
// what it printed comes at its end; what reads its input or has a terminal is streamed all the same.
func (m *machine) Exec(ctx context.Context, id runtime.ContainerID, command []string, streams runtime.Streams) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	c, err := m.running(ctx, rt, id)
	if err != nil {
		return err
	}
	if deadline, ends := ctx.Deadline(); ends && streams.Stdin == nil && !streams.TTY {
		return execUntil(ctx, rt, c.GetId(), command, deadline, streams)
	}
	if streams.Stdout == nil {
		// Runtimes want at least one stream.
		streams.Stdout = io.Discard
	}
	answer, err := rt.Exec(ctx, &runtimeapi.ExecRequest{
		ContainerId: c.GetId(), Cmd: command, Tty: streams.TTY,
		Stdin: streams.Stdin != nil, Stdout: true, Stderr: streams.Stderr != nil && !streams.TTY,
	})
	if err != nil {
		return failed(err)
	}
	return stream(ctx, answer.GetUrl(), streams)
}

// Attach joins the streams of the container's first process.
func (m *machine) Attach(ctx context.Context, id runtime.ContainerID, streams runtime.Streams) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	c, err := m.running(ctx, rt, id)
	if err != nil {
		return err
	}
	if streams.Stdout == nil && streams.Stdin == nil {
		streams.Stdout = io.Discard
	}
	answer, err := rt.Attach(ctx, &runtimeapi.AttachRequest{
		ContainerId: c.GetId(), Tty: streams.TTY,
		Stdin: streams.Stdin != nil, Stdout: streams.Stdout != nil, Stderr: streams.Stderr != nil && !streams.TTY,
	})
	if err != nil {
		return failed(err)
	}
	return stream(ctx, answer.GetUrl(), streams)
}

// stream joins the streams with those at an address that the runtime gave.
func stream(ctx context.Context, address string, streams runtime.Streams) error {
	at, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("the runtime's address for streams: %w", err)
	}
	executor, err := remotecommand.NewSPDYExecutor(streaming(), "POST", at)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if streams.TTY && streams.Stdin != nil {
		streams.Stdin = &terminalInput{Reader: streams.Stdin, ctx: ctx}
	}
	options := remotecommand.StreamOptions{Stdin: streams.Stdin, Stdout: streams.Stdout, Stderr: streams.Stderr, Tty: streams.TTY}
	if streams.TTY {
		options.Stderr = nil
	}
	if streams.Resize != nil {
		options.TerminalSizeQueue = sizes{ctx, streams.Resize}
	}
	err = executor.StreamWithContext(ctx, options)
	var exit exec.CodeExitError
	if errors.As(err, &exit) {
		return runtime.ExitError{Code: exit.Code}
	}
	return err
}

// terminalInput types an end of file (^D) when its reader has ended, and goes on as a terminal does: containerd would drop the output.
type terminalInput struct {
	io.Reader
	ctx   context.Context
	ended bool
}

func (t *terminalInput) Read(p []byte) (int, error) {
	const endOfFile = 4
	if t.ended {
		<-t.ctx.Done()
		return 0, io.EOF
	}
	n, err := t.Reader.Read(p)
	if err == nil || n > 0 || len(p) == 0 {
		return n, nil
	}
	t.ended, p[0] = true, endOfFile
	return 1, nil
}

// sizes are the terminal's, as the client asks for them.
type sizes struct {
	ctx  context.Context
	from <-chan runtime.TermSize
}

func (s sizes) Next() *remotecommand.TerminalSize {
	select {
	case size, more := <-s.from:
		if more {
			return &remotecommand.TerminalSize{Width: size.Width, Height: size.Height}
		}
	case <-s.ctx.Done():
	}
	return nil
}
