package cluster

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodesInterval is how often the nodes there are counted.
const nodesInterval = time.Minute

// podsDefault is how many pods there may be where nothing bounds them, as many as a kubelet takes.
const podsDefault = 110

// Capacity is what the namespace's quotas say; what they do not, the nodes there have, where the credentials may list them.
func (p *Place) Capacity() corev1.ResourceList {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.capacity
}

func (p *Place) available(ctx context.Context) (corev1.ResourceList, error) {
	out := corev1.ResourceList{}
	quotas, err := p.api.CoreV1().ResourceQuotas(p.namespace).List(ctx, metav1.ListOptions{})
	switch {
	case err == nil:
		out = quotaOf(quotas.Items)
	case !answered(err):
		return nil, p.failed("listing quotas", err)
	}
	for name, quantity := range p.nodes(ctx) {
		if _, said := out[name]; !said {
			out[name] = quantity
		}
	}
	if _, said := out[corev1.ResourcePods]; !said {
		out[corev1.ResourcePods] = *resource.NewQuantity(podsDefault, resource.DecimalSI)
	}
	return out, nil
}

// quotaOf is the least that any quota allows of each resource. One with scopes is about some pods only.
func quotaOf(quotas []corev1.ResourceQuota) corev1.ResourceList {
	out, limits := corev1.ResourceList{}, corev1.ResourceList{}
	for _, q := range quotas {
		if len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue
		}
		for name, quantity := range q.Spec.Hard {
			text := string(name)
			switch {
			case text == "count/pods":
				least(out, corev1.ResourcePods, quantity)
			case strings.HasPrefix(text, "requests.") && text != "requests.storage":
				least(out, corev1.ResourceName(strings.TrimPrefix(text, "requests.")), quantity)
			case strings.HasPrefix(text, "limits."):
				least(limits, corev1.ResourceName(strings.TrimPrefix(text, "limits.")), quantity)
			case text == "cpu" || text == "memory" || text == "pods" || text == "ephemeral-storage" || strings.HasPrefix(text, "hugepages-"):
				least(out, name, quantity)
			}
		}
	}
	// Pods request at most what they are limited to, so a limit bounds what is not bounded otherwise.
	for name, quantity := range limits {
		if _, said := out[name]; !said {
			out[name] = quantity
		}
	}
	return out
}

func least(list corev1.ResourceList, name corev1.ResourceName, quantity resource.Quantity) {
	if was, known := list[name]; !known || quantity.Cmp(was) < 0 {
		list[name] = quantity
	}
}

// nodes is the sum of what the nodes there have for pods; nothing where they may not be listed.
func (p *Place) nodes(ctx context.Context) corev1.ResourceList {
	p.mu.Lock()
	have, seen := p.nodesHave, p.nodesSeen
	p.mu.Unlock()
	if time.Since(seen) < nodesInterval {
		return have
	}
	have = corev1.ResourceList{}
	if nodes, err := p.api.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"}); err == nil {
		for i := range nodes.Items {
			if usable(&nodes.Items[i]) {
				add(have, nodes.Items[i].Status.Allocatable)
			}
		}
	}
	p.mu.Lock()
	p.nodesHave, p.nodesSeen = have, time.Now()
	p.mu.Unlock()
	return have
}

// usable leaves out what takes no pod of ours, because pods go there without tolerations.
func usable(n *corev1.Node) bool {
	if n.Spec.Unschedulable {
		return false
	}
	for _, t := range n.Spec.Taints {
		if t.Effect != corev1.TaintEffectPreferNoSchedule {
			return false
		}
	}
	return true
}

func add(to, more corev1.ResourceList) {
	for name, quantity := range more {
		sum := to[name]
		sum.Add(quantity)
		to[name] = sum
	}
}
