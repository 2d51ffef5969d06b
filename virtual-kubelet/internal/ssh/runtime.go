package ssh

import (
	"context"
	"errors"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// parallelCalls leaves room in a sshd's default of ten sessions (MaxSessions) for the watch.
const parallelCalls = 6

var (
	_ runtime.Runtime       = (*device)(nil)
	_ runtime.Attacher      = (*device)(nil)
	_ runtime.PortForwarder = (*device)(nil)
	_ runtime.Cleaner       = (*device)(nil)
)

// device is the Runtime of one node's directory on a device.
type device struct {
	config   *Config
	nodeName string
	// bootFile is where the device's kernel tells which boot this is.
	bootFile string
	link     *link
	streams  *pool
	calls    *semaphore.Weighted
	looks    singleflight.Group
	// news is sent, and changes has a value, when there may be something new.
	news    signal
	changes chan struct{}
	// installing is held by who sends the script: one at a time. installed is sent when it is there.
	installing *semaphore.Weighted
	installed  signal
}

// New returns at once: the device is connected to, and again when it was lost, until ctx ends. A configuration that cannot be used is
// an error; a device that cannot be reached, or that does not let the agent in, is every method's ErrUnreachable.
func New(ctx context.Context, configFile, nodeName string) (runtime.Runtime, error) {
	config, err := loadConfig(configFile)
	if err != nil {
		return nil, err
	}
	if nodeName == "" {
		return nil, errors.New("a node's name is needed: the device may have several nodes")
	}
	return start(ctx, config, nodeName, "/proc/sys/kernel/random/boot_id"), nil
}

func start(ctx context.Context, config *Config, nodeName, bootFile string) *device {
	d := &device{config: config, nodeName: nodeName, bootFile: bootFile, changes: make(chan struct{}, 1)}
	d.calls, d.installing = semaphore.NewWeighted(parallelCalls), semaphore.NewWeighted(1)
	connect := func(ctx context.Context) (*connection, error) {
		return dial(ctx, &config.Hop, config.Timeouts.Dial.Duration)
	}
	d.link = &link{dial: connect, greet: d.greet, changed: d.changed}
	d.streams = &pool{dial: connect}
	go d.link.run(ctx)
	go d.watch(ctx)
	context.AfterFunc(ctx, d.streams.close)
	return d
}

func (d *device) Changes() <-chan struct{} { return d.changes }

func (d *device) changed() {
	d.news.send()
	select {
	case d.changes <- struct{}{}:
	default:
	}
}
