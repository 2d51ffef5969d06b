package serving

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/utils/exec"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// streamIdle ends a stream through which nothing goes, as a kubelet does by default.
	streamIdle = 4 * time.Hour
	// streamCreation is what a client has for opening its streams.
	streamCreation = remotecommand.DefaultStreamCreationTimeout
)

// streams serves one request; it is what the library of the CRI's streaming server calls.
type streams struct {
	pods runtime.Pods
	name runtime.PodName
}

func (s *Server) streams(r *http.Request) streams {
	name := podName(r)
	return streams{s.find(name.Namespace, name.Name).Pods, name}
}

func (s *Server) exec(w http.ResponseWriter, r *http.Request) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to := s.streams(r)
	remotecommand.ServeExec(w, r, to, to.name.Name, string(to.name.UID), r.PathValue("container"), r.URL.Query()["command"],
		options, streamIdle, streamCreation, remotecommand.SupportedStreamingProtocols)
}

func (s *Server) attach(w http.ResponseWriter, r *http.Request) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to := s.streams(r)
	remotecommand.ServeAttach(w, r, to, to.name.Name, string(to.name.UID), r.PathValue("container"),
		options, streamIdle, streamCreation, remotecommand.SupportedStreamingProtocols)
}

func (s *Server) portForward(w http.ResponseWriter, r *http.Request) {
	options, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to := s.streams(r)
	portforward.ServePortForward(w, r, to, to.name.Name, string(to.name.UID), options, streamIdle, streamCreation, portforward.SupportedProtocols)
}

// ExecInContainer runs a command; another exit code than 0 goes back to the client as such.
func (s streams) ExecInContainer(ctx context.Context, _, _, container string, command []string, in io.Reader, out, err io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failure := s.pods.Exec(ctx, s.name, container, command, streamsOf(ctx, in, out, err, tty, resize))
	var exit runtime.ExitError
	if errors.As(failure, &exit) {
		return exec.CodeExitError{Err: exit, Code: exit.Code}
	}
	return failure
}

// AttachContainer joins a container's first process.
func (s streams) AttachContainer(ctx context.Context, _, _, container string, in io.Reader, out, err io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return s.pods.Attach(ctx, s.name, container, streamsOf(ctx, in, out, err, tty, resize))
}

// PortForward connects a stream to a port of the pod.
func (s streams) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	return s.pods.PortForward(ctx, s.name, port, stream)
}

func streamsOf(ctx context.Context, in io.Reader, out, err io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) runtime.Streams {
	s := runtime.Streams{Stdin: in, TTY: tty}
	// A nil stream must be a nil interface, or nobody would notice that it is none.
	if out != nil {
		s.Stdout = out
	}
	if err != nil {
		s.Stderr = err
	}
	if tty && resize != nil {
		s.Resize = sizes(ctx, resize)
	}
	return s
}

func sizes(ctx context.Context, from <-chan remotecommand.TerminalSize) <-chan runtime.TermSize {
	to := make(chan runtime.TermSize)
	go func() {
		defer close(to)
		for size := range from {
			select {
			case to <- runtime.TermSize{Width: size.Width, Height: size.Height}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}
