package cluster

import (
	"context"
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// counter turns a container's rate into the counter that a node tells: how much it used since the agent first heard of it.
type counter struct {
	nanoseconds uint64
	at          time.Time
}

// Usage tells what the metrics API there says of the node's pods; nothing where there is none, or where it may not be asked.
func (p *Place) Usage(ctx context.Context) ([]runtime.Usage, error) {
	text, err := p.api.CoreV1().RESTClient().Get().AbsPath("/apis/metrics.k8s.io/v1beta1/namespaces", p.namespace, "pods").
		Param("labelSelector", p.own.String()).SetHeader("Accept", "application/json").DoRaw(ctx)
	if err != nil {
		if answered(err) && !apierrors.IsUnauthorized(err) {
			return nil, nil
		}
		return nil, p.failed("reading metrics", err)
	}
	var list metricsv1beta1.PodMetricsList
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, p.failed("reading metrics", err)
	}
	here, err := p.home.Pods.List(labels.Everything())
	if err != nil {
		return nil, err
	}
	pods := make(map[string]*corev1.Pod, len(here))
	for _, pod := range here {
		pods[remoteName(pod)] = pod
	}
	var out []runtime.Usage
	for i := range list.Items {
		if pod := pods[list.Items[i].Name]; pod != nil {
			out = append(out, p.usageOf(pod, &list.Items[i])...)
		}
	}
	return out, nil
}

func (p *Place) usageOf(pod *corev1.Pod, m *metricsv1beta1.PodMetrics) []runtime.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	counters := p.used[pod.UID]
	if counters == nil {
		counters = map[string]counter{}
		p.used[pod.UID] = counters
	}
	var out []runtime.Usage
	for _, c := range m.Containers {
		was, known := counters[c.Name]
		passed := m.Window.Duration
		if known {
			passed = m.Timestamp.Sub(was.at)
		}
		if passed > 0 {
			// Cores are nanoseconds in a nanosecond.
			was.nanoseconds += uint64(c.Usage.Cpu().AsApproximateFloat64() * float64(passed))
			was.at = m.Timestamp.Time
			counters[c.Name] = was
		}
		out = append(out, runtime.Usage{Pod: pod, Container: c.Name, ContainerStats: runtime.ContainerStats{
			ID: runtime.ContainerID{Pod: pod.UID, Name: c.Name}, CPUNanoseconds: was.nanoseconds,
			MemoryBytes: uint64(max(0, c.Usage.Memory().Value())), Time: was.at,
		}})
	}
	return out
}
