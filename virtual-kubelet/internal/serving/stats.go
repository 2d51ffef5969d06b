package serving

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	statsv1 "k8s.io/kubelet/pkg/apis/stats/v1alpha1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// usage is what all nodes of the agent use.
func (s *Server) usage(r *http.Request) ([]runtime.Usage, error) {
	var out []runtime.Usage
	for _, n := range s.config.Nodes {
		u, err := n.Pods.Usage(r.Context())
		if err != nil {
			return nil, err
		}
		out = append(out, u...)
	}
	return out, nil
}

// rates turns the counter of CPU time into nanocores, from one request to the next.
type rates struct {
	mu   sync.Mutex
	last map[runtime.ContainerID]runtime.ContainerStats
}

func (t *rates) of(u runtime.Usage) (uint64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, known := t.last[u.ID]
	if !known || u.Time.Sub(was.Time) >= time.Second {
		t.last[u.ID] = u.ContainerStats
	}
	passed := u.Time.Sub(was.Time).Seconds()
	if !known || passed < 1 || u.CPUNanoseconds < was.CPUNanoseconds {
		return 0, false
	}
	return uint64(float64(u.CPUNanoseconds-was.CPUNanoseconds) / passed), true
}

// keep drops containers that are gone.
func (t *rates) keep(usage []runtime.Usage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	here := make(map[runtime.ContainerID]struct{}, len(usage))
	for _, u := range usage {
		here[u.ID] = struct{}{}
	}
	for id := range t.last {
		if _, ok := here[id]; !ok {
			delete(t.last, id)
		}
	}
}

// summary is /stats/summary: pods with what their containers use, and the node as their sum.
func (s *Server) summary(w http.ResponseWriter, r *http.Request) {
	usage, err := s.usage(r)
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	s.rates.keep(usage)
	out := statsv1.Summary{Pods: []statsv1.PodStats{}}
	out.Node = statsv1.NodeStats{NodeName: s.config.Nodes[0].Name, CPU: &statsv1.CPUStats{}, Memory: &statsv1.MemoryStats{}}
	at := map[string]int{}
	for _, u := range usage {
		key := string(u.Pod.UID)
		i, known := at[key]
		if !known {
			i = len(out.Pods)
			at[key] = i
			out.Pods = append(out.Pods, statsv1.PodStats{
				PodRef: statsv1.PodReference{Name: u.Pod.Name, Namespace: u.Pod.Namespace, UID: key}, StartTime: startOf(u),
				CPU: &statsv1.CPUStats{}, Memory: &statsv1.MemoryStats{},
			})
		}
		pod := &out.Pods[i]
		c := statsv1.ContainerStats{Name: u.Container, StartTime: startOf(u), CPU: &statsv1.CPUStats{}, Memory: &statsv1.MemoryStats{}}
		rate, known := s.rates.of(u)
		for _, to := range []struct {
			cpu    *statsv1.CPUStats
			memory *statsv1.MemoryStats
		}{{c.CPU, c.Memory}, {pod.CPU, pod.Memory}, {out.Node.CPU, out.Node.Memory}} {
			to.cpu.Time, to.memory.Time = metav1.NewTime(u.Time), metav1.NewTime(u.Time)
			to.cpu.UsageCoreNanoSeconds = sum(to.cpu.UsageCoreNanoSeconds, u.CPUNanoseconds)
			to.memory.WorkingSetBytes = sum(to.memory.WorkingSetBytes, u.MemoryBytes)
			if known {
				to.cpu.UsageNanoCores = sum(to.cpu.UsageNanoCores, rate)
			}
		}
		pod.Containers = append(pod.Containers, c)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func sum(a *uint64, b uint64) *uint64 {
	if a != nil {
		b += *a
	}
	return &b
}

func startOf(u runtime.Usage) metav1.Time {
	for _, c := range u.Pod.Status.ContainerStatuses {
		if c.Name == u.Container && c.State.Running != nil {
			return c.State.Running.StartedAt
		}
	}
	return u.Pod.CreationTimestamp
}

// resourceMetrics is /metrics/resource, which metrics-server reads.
func (s *Server) resourceMetrics(w http.ResponseWriter, r *http.Request) {
	usage, err := s.usage(r)
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(collector(usage)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

var (
	containerLabels = []string{"container", "namespace", "pod"}
	podLabels       = []string{"namespace", "pod"}

	containerCPU    = prometheus.NewDesc("container_cpu_usage_seconds_total", "Cumulative cpu time consumed by the container in core-seconds", containerLabels, nil)
	containerMemory = prometheus.NewDesc("container_memory_working_set_bytes", "Current working set of the container in bytes", containerLabels, nil)
	containerStart  = prometheus.NewDesc("container_start_time_seconds", "Start time of the container since unix epoch in seconds", containerLabels, nil)
	podCPU          = prometheus.NewDesc("pod_cpu_usage_seconds_total", "Cumulative cpu time consumed by the pod in core-seconds", podLabels, nil)
	podMemory       = prometheus.NewDesc("pod_memory_working_set_bytes", "Current working set of the pod in bytes", podLabels, nil)
	nodeCPU         = prometheus.NewDesc("node_cpu_usage_seconds_total", "Cumulative cpu time consumed by the node in core-seconds", nil, nil)
	nodeMemory      = prometheus.NewDesc("node_memory_working_set_bytes", "Current working set of the node in bytes", nil, nil)
	scrapeError     = prometheus.NewDesc("resource_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise", nil, nil)
)

// collector gives the figures as metrics, in a kubelet's names.
type collector []runtime.Usage

func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{containerCPU, containerMemory, containerStart, podCPU, podMemory, nodeCPU, nodeMemory, scrapeError} {
		to <- d
	}
}

func (c collector) Collect(to chan<- prometheus.Metric) {
	type pod struct{ namespace, name string }
	type figures struct {
		cpu, memory float64
		at          time.Time
	}
	pods, node := map[pod]figures{}, figures{}
	add := func(f figures, u runtime.Usage) figures {
		return figures{f.cpu + float64(u.CPUNanoseconds)/1e9, f.memory + float64(u.MemoryBytes), u.Time}
	}
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, at time.Time, labels ...string) {
		to <- prometheus.NewMetricWithTimestamp(at, prometheus.MustNewConstMetric(d, kind, value, labels...))
	}
	for _, u := range c {
		k := pod{u.Pod.Namespace, u.Pod.Name}
		pods[k], node = add(pods[k], u), add(node, u)
		labels := []string{u.Container, k.namespace, k.name}
		send(containerCPU, prometheus.CounterValue, float64(u.CPUNanoseconds)/1e9, u.Time, labels...)
		send(containerMemory, prometheus.GaugeValue, float64(u.MemoryBytes), u.Time, labels...)
		to <- prometheus.MustNewConstMetric(containerStart, prometheus.GaugeValue, float64(startOf(u).Unix()), labels...)
	}
	for k, f := range pods {
		send(podCPU, prometheus.CounterValue, f.cpu, f.at, k.namespace, k.name)
		send(podMemory, prometheus.GaugeValue, f.memory, f.at, k.namespace, k.name)
	}
	if len(c) > 0 {
		send(nodeCPU, prometheus.CounterValue, node.cpu, node.at)
		send(nodeMemory, prometheus.GaugeValue, node.memory, node.at)
	}
	to <- prometheus.MustNewConstMetric(scrapeError, prometheus.GaugeValue, 0)
}
