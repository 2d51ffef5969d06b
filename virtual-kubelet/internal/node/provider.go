package node

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Ping is about the agent: the lease stops when it does not work, whatever the device does.
func (c *Controller) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.alive()
}

// NotifyNodeStatus keeps where changes are told.
func (c *Controller) NotifyNodeStatus(_ context.Context, tell func(*corev1.Node)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notify = tell
}

// follow tells of every change of the place.
func (c *Controller) follow(ctx context.Context) {
	check := time.NewTicker(checkInterval)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.pods.Changed():
			c.tell()
		case <-check.C:
			if c.differs(ctx) {
				c.tell()
			}
		}
	}
}

// differs asks the API (its cache will do) whether the node is as ready there as it is.
func (c *Controller) differs(ctx context.Context) bool {
	if !c.Registered() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, checkInterval)
	defer cancel()
	there, err := c.api.CoreV1().Nodes().Get(ctx, c.object.Name, metav1.GetOptions{ResourceVersion: "0"})
	if err != nil {
		// Gone: telling registers it again. Away: nothing to compare.
		return apierrors.IsNotFound(err)
	}
	return readiness(there) != readiness(c.current())
}

// readiness is what of the Ready condition others may have changed.
func readiness(n *corev1.Node) [2]string {
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return [2]string{string(condition.Status), condition.Reason}
		}
	}
	return [2]string{}
}

func (c *Controller) tell() {
	object := c.current()
	c.mu.Lock()
	tell, ready := c.notify, c.ready
	c.mu.Unlock()
	if tell != nil && ready {
		tell(object)
	}
}

// current is the object with what the place says right now.
func (c *Controller) current() *corev1.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.object.Status.Conditions = conditions(c.object.Status.Conditions, c.pods.Reachable())
	if there := c.pods.Capacity(); there != nil {
		c.object.Status.Capacity, c.object.Status.Allocatable = within(c.capacity, there), within(c.allocatable, there)
	}
	return c.object.DeepCopy()
}

// within is what was said of the node, and never more than the place has; what nobody said is what the place has.
func within(said, there corev1.ResourceList) corev1.ResourceList {
	out := maps.Clone(there)
	for name, quantity := range said {
		if most, known := there[name]; !known || quantity.Cmp(most) < 0 {
			out[name] = quantity
		}
	}
	return out
}
