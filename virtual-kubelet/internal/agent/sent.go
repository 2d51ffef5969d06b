package agent

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

// sent is the status that was sent last, and the version that the cache had then: until the cache moves, it is what the API has.
type sent struct {
	cached string
	status corev1.PodStatus
}

func (c *podClient) remember(pod *corev1.Pod, s sent) {
	c.mu.Lock()
	c.sent[pod.UID] = s
	c.mu.Unlock()
	if now, err := c.lister.Pods(pod.Namespace).Get(pod.Name); err != nil || now.UID != pod.UID {
		// It left the cache meanwhile, and the news of that came before this.
		c.forget(pod.UID)
	}
}

func (c *podClient) forget(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sent, uid)
}

// leavers forgets pods that leave the cache: nobody else says so of one that was deleted by force.
func (c *podClient) leavers() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(was, is any) {
			// A cache that missed the end of one sees another of its name.
			if was, is := was.(*corev1.Pod), is.(*corev1.Pod); was.UID != is.UID {
				c.forget(was.UID)
			}
		},
		DeleteFunc: func(object any) {
			if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = gone.Obj
			}
			if pod, ok := object.(*corev1.Pod); ok {
				c.forget(pod.UID)
			}
		},
	}
}
