package node

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	vknode "github.com/virtual-kubelet/virtual-kubelet/node"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// statusInterval is how often the whole status is written when nothing changes; the lease is the heartbeat. Both as a kubelet does.
	statusInterval = 5 * time.Minute
	// checkInterval is how often the node is looked at for what others made of its Ready condition: the node controller sets it to
	// unknown when the API was away, and takes no lease for an answer.
	checkInterval = 10 * time.Second
	// registerAgain is the wait after the API could not be reached or refused.
	registerAgain = 5 * time.Second
	// leaseSeconds is a kubelet's.
	leaseSeconds = 40
)

// Controller keeps the Node object and its lease.
type Controller struct {
	object *corev1.Node
	api    kubernetes.Interface
	pods   runtime.Pods
	log    *slog.Logger
	// capacity and allocatable are what node.yaml says.
	capacity, allocatable corev1.ResourceList
	// alive is nil as long as the agent itself works.
	alive func() error

	mu     sync.Mutex
	notify func(*corev1.Node)
	ready  bool
}

// New makes a Controller for a node that looks like object; alive is what Ping asks.
func New(object *corev1.Node, api kubernetes.Interface, pods runtime.Pods, alive func() error, log *slog.Logger) *Controller {
	return &Controller{
		object: object, api: api, pods: pods, alive: alive, log: log,
		capacity: object.Status.Capacity, allocatable: object.Status.Allocatable,
	}
}

// Run registers the node and keeps it until ctx ends. An API that is away is waited for: pods at the place do not depend on it.
func (c *Controller) Run(ctx context.Context) error {
	go c.follow(ctx)
	for ctx.Err() == nil {
		controller, err := c.controller()
		if err != nil {
			return err
		}
		if err := c.keep(ctx, controller); err != nil && ctx.Err() == nil {
			c.log.Warn("the node could not be registered, trying again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(registerAgain):
		}
	}
	return nil
}

func (c *Controller) controller() (*vknode.NodeController, error) {
	return vknode.NewNodeController(c, c.current(), client{c.api.CoreV1().Nodes()},
		vknode.WithNodeEnableLeaseV1(c.api.CoordinationV1().Leases(corev1.NamespaceNodeLease), leaseSeconds),
		vknode.WithNodeStatusUpdateInterval(statusInterval),
		vknode.WithNodeStatusUpdateErrorHandler(c.register))
}

// keep is one try: the library leaves its pings running when it cannot register the node, so they end with the try.
func (c *Controller) keep(ctx context.Context, controller *vknode.NodeController) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go c.whenReady(ctx, controller)
	return controller.Run(ctx)
}

// Registered says whether the node is in the API and kept there.
func (c *Controller) Registered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

func (c *Controller) whenReady(ctx context.Context, controller *vknode.NodeController) {
	select {
	case <-ctx.Done():
	case <-controller.Done():
	case <-controller.Ready():
		c.mu.Lock()
		c.ready = true
		c.mu.Unlock()
		// What changed while the node was being registered.
		c.tell()
	}
}

// register makes the object again when somebody deleted it under a living agent.
func (c *Controller) register(ctx context.Context, err error) error {
	if !apierrors.IsNotFound(err) {
		return err
	}
	c.log.Warn("the node's object is gone, registering again")
	if _, err := c.api.CoreV1().Nodes().Create(ctx, c.current(), metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("registering the node again: %w", err)
	}
	return nil
}
