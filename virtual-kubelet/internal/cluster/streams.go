package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/utils/exec"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Logs reads a container's log from the pod there, with all that `kubectl logs` asks for.
func (p *Place) Logs(ctx context.Context, name runtime.PodName, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	pod, err := p.named(name)
	if err != nil {
		return nil, err
	}
	log, err := p.api.CoreV1().Pods(p.namespace).GetLogs(remoteName(pod), o).Stream(ctx)
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		// A container that did not start yet, an attempt that is not there.
		return nil, fmt.Errorf("%w: %w", err, runtime.ErrNotFound)
	}
	if err != nil {
		return nil, p.failed("reading a log", err)
	}
	return log, nil
}

// Exec runs a command in a container there.
func (p *Place) Exec(ctx context.Context, name runtime.PodName, container string, command []string, s runtime.Streams) error {
	return p.stream(ctx, name, "exec", s, &corev1.PodExecOptions{
		Container: container, Command: command, Stdin: s.Stdin != nil, Stdout: s.Stdout != nil, Stderr: s.Stderr != nil, TTY: s.TTY,
	})
}

// Attach joins the first process of a container there.
func (p *Place) Attach(ctx context.Context, name runtime.PodName, container string, s runtime.Streams) error {
	return p.stream(ctx, name, "attach", s, &corev1.PodAttachOptions{
		Container: container, Stdin: s.Stdin != nil, Stdout: s.Stdout != nil, Stderr: s.Stderr != nil, TTY: s.TTY,
	})
}

func (p *Place) stream(ctx context.Context, name runtime.PodName, what string, s runtime.Streams, options k8sruntime.Object) error {
	request, err := p.subresource(name, what)
	if err != nil {
		return err
	}
	executor, err := p.executor(request.VersionedParams(options, scheme.ParameterCodec))
	if err != nil {
		return err
	}
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{
		Stdin: s.Stdin, Stdout: s.Stdout, Stderr: s.Stderr, Tty: s.TTY, TerminalSizeQueue: queueOf(s.Resize),
	})
	var exit exec.CodeExitError
	if errors.As(err, &exit) {
		return runtime.ExitError{Code: exit.Code}
	}
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%w: %w", err, runtime.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("%s in cluster %s: %w", what, p.config.Host, err)
	}
	return nil
}

// executor speaks WebSocket, or SPDY with an API server that does not.
func (p *Place) executor(request *rest.Request) (remotecommand.Executor, error) {
	spdy, err := remotecommand.NewSPDYExecutor(p.config, http.MethodPost, request.URL())
	if err != nil {
		return nil, err
	}
	webSocket, err := remotecommand.NewWebSocketExecutor(p.config, http.MethodGet, request.URL().String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(webSocket, spdy, otherProtocol)
}

func otherProtocol(err error) bool {
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

// subresource begins a request about the pod there that stands for one here.
func (p *Place) subresource(name runtime.PodName, what string) (*rest.Request, error) {
	pod, err := p.named(name)
	if err != nil {
		return nil, err
	}
	return p.api.CoreV1().RESTClient().Post().Namespace(p.namespace).Resource("pods").Name(remoteName(pod)).SubResource(what), nil
}

func (p *Place) named(name runtime.PodName) (*corev1.Pod, error) {
	pod, err := p.home.Pods.Pods(name.Namespace).Get(name.Name)
	if err != nil || name.UID != "" && pod.UID != name.UID {
		return nil, fmt.Errorf("pod %s/%s: %w", name.Namespace, name.Name, runtime.ErrNotFound)
	}
	return pod, nil
}

// sizes are a terminal's, one after the other.
type sizes <-chan runtime.TermSize

func queueOf(resize <-chan runtime.TermSize) remotecommand.TerminalSizeQueue {
	if resize == nil {
		return nil
	}
	return sizes(resize)
}

// Next waits for the next one; nil when there are no more.
func (s sizes) Next() *remotecommand.TerminalSize {
	size, more := <-s
	if !more {
		return nil
	}
	return &remotecommand.TerminalSize{Width: size.Width, Height: size.Height}
}
