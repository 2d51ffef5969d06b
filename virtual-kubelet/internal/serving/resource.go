package serving

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// resourceMetrics is /metrics/resource, which metrics-server reads.
func (s *Server) resourceMetrics(w http.ResponseWriter, r *http.Request) {
	usage, err := s.usage(r)
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(collector{usage, len(s.config.Nodes) == 1}); err != nil {
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
type collector struct {
	usage []runtime.Usage
	// single: the sum of all pods is that of one node. Of several nodes nobody can tell which one is asked.
	single bool
}

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
		return figures{f.cpu + seconds(u), f.memory + float64(u.MemoryBytes), u.Time}
	}
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, at time.Time, labels ...string) {
		to <- prometheus.NewMetricWithTimestamp(at, prometheus.MustNewConstMetric(d, kind, value, labels...))
	}
	for _, u := range c.usage {
		k := pod{u.Pod.Namespace, u.Pod.Name}
		pods[k], node = add(pods[k], u), add(node, u)
		labels := []string{u.Container, k.namespace, k.name}
		send(containerCPU, prometheus.CounterValue, seconds(u), u.Time, labels...)
		send(containerMemory, prometheus.GaugeValue, float64(u.MemoryBytes), u.Time, labels...)
		to <- prometheus.MustNewConstMetric(containerStart, prometheus.GaugeValue, float64(startOf(u).Unix()), labels...)
	}
	for k, f := range pods {
		send(podCPU, prometheus.CounterValue, f.cpu, f.at, k.namespace, k.name)
		send(podMemory, prometheus.GaugeValue, f.memory, f.at, k.namespace, k.name)
	}
	if c.single && len(c.usage) > 0 {
		send(nodeCPU, prometheus.CounterValue, node.cpu, node.at)
		send(nodeMemory, prometheus.GaugeValue, node.memory, node.at)
	}
	to <- prometheus.MustNewConstMetric(scrapeError, prometheus.GaugeValue, 0)
}

// seconds of CPU time. Whatever runs has used some: metrics-server takes none for figures that are missing, and leaves the pod out, while
// a device may count in hundredths of a second.
func seconds(u runtime.Usage) float64 {
	return max(float64(u.CPUNanoseconds)/1e9, 1e-6)
}
