package cri

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	criapi "k8s.io/cri-api/pkg/apis"
	cri "k8s.io/cri-client/pkg"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// callTimeout bounds what is asked of the runtime, besides pulls and a container's grace; a kubelet's default.
	callTimeout = 2 * time.Minute
	// connectTimeout bounds the first word with a runtime, which then reconnects by itself.
	connectTimeout = 5 * time.Second
)

var (
	_ runtime.Runtime       = (*machine)(nil)
	_ runtime.Attacher      = (*machine)(nil)
	_ runtime.PortForwarder = (*machine)(nil)
	_ runtime.Cleaner       = (*machine)(nil)
	_ runtime.Releaser      = (*machine)(nil)
)

// machine is the Runtime of one node on the agent's own machine.
type machine struct {
	config   *Config
	nodeName string
	changes  chan struct{}
	images   *imageBook

	locks podLocks

	mu       sync.Mutex
	services *services
	// seen are containers and sandboxes whose state cannot change without their key becoming another one.
	seen map[string]runtime.ContainerState
	ips  map[string]string
}

// services are the runtime's two, over connections that are made anew when they are lost.
type services struct {
	criapi.RuntimeService
	images criapi.ImageManagerService
	// cgroups is where the runtime puts what belongs to the node.
	cgroups string
}

// New returns at once: the runtime is connected to when it is first needed. A configuration that cannot be used is an error, and so is a
// kubelet on this machine; a runtime that does not answer is every method's ErrUnreachable.
func New(ctx context.Context, configFile, nodeName string) (runtime.Runtime, error) {
	if nodeName == "" {
		return nil, errors.New("a node's name is needed: the machine may have several nodes")
	}
	config, err := loadConfig(configFile, nodeName)
	if err != nil {
		return nil, err
	}
	if err := refuseKubelet(kubeletFiles); err != nil {
		return nil, err
	}
	return start(ctx, config, nodeName), nil
}

func start(ctx context.Context, config *Config, nodeName string) *machine {
	m := &machine{
		config: config, nodeName: nodeName, changes: make(chan struct{}, 1),
		images: &imageBook{file: filepath.Join(config.Directory, "images.json")},
		seen:   map[string]runtime.ContainerState{}, ips: map[string]string{},
	}
	go m.watch(ctx)
	go m.collect(ctx)
	return m
}

func (m *machine) Changes() <-chan struct{} { return m.changes }

func (m *machine) changed() {
	select {
	case m.changes <- struct{}{}:
	default:
	}
}

// runtime connects to the socket, once.
func (m *machine) runtime(ctx context.Context) (*services, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.services != nil {
		return m.services, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	endpoint := "unix://" + m.config.Socket
	runtimes, err := cri.NewRemoteRuntimeServiceBuilder().WithEndpoint(endpoint).WithConnectionTimeout(callTimeout).WithTracerProvider(nil).Build(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", runtime.ErrUnreachable, m.config.Socket, err)
	}
	images, err := cri.NewRemoteImageServiceBuilder().WithEndpoint(endpoint).WithConnectionTimeout(callTimeout).WithTracerProvider(nil).Build(ctx)
	if err == nil {
		var cgroups string
		if cgroups, err = cgroupParent(ctx, runtimes); err == nil {
			m.services = &services{runtimes, images, cgroups}
			return m.services, nil
		}
		_ = images.Close(ctx)
	}
	_ = runtimes.Close(ctx)
	return nil, fmt.Errorf("%w: %s: %w", runtime.ErrUnreachable, m.config.Socket, err)
}

// failed tells a runtime that does not answer from one that answered with an error.
func failed(err error) error {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return fmt.Errorf("%w: the container runtime does not answer: %w", runtime.ErrUnreachable, err)
	case codes.NotFound:
		return fmt.Errorf("%w: %w", runtime.ErrNotFound, err)
	}
	return err
}
