package agent

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	clientmetrics "k8s.io/client-go/tools/metrics"

	"pulumi-kubeadm/virtual-kubelet/internal/node"
)

var (
	descPods      = prometheus.NewDesc("virtual_kubelet_pods", "Pods bound to the node, by phase.", []string{"node", "phase"}, nil)
	descReachable = prometheus.NewDesc("virtual_kubelet_device_reachable", "1 when the place of the node's pods answers, else 0.", []string{"node"}, nil)
	descRestarts  = prometheus.NewDesc("virtual_kubelet_container_restarts_total", "Containers that were started again since the agent runs.", []string{"node"}, nil)
	descVersion   = prometheus.NewDesc("virtual_kubelet_build_info", "1, with the agent's version.", []string{"version", "kubernetes"}, nil)

	apiRequests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "virtual_kubelet_api_requests_total", Help: "Requests to the Kubernetes API, by verb and status code.",
	}, []string{"verb", "code"})
)

// requests counts what client-go sends; it is told once for the whole process.
type requests struct{}

func (requests) Increment(_ context.Context, code, verb, _ string) {
	apiRequests.WithLabelValues(verb, code).Inc()
}

func init() {
	clientmetrics.Register(clientmetrics.RegisterOpts{RequestResult: requests{}})
}

func (a *Agent) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(apiRequests, a, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Describe and Collect make the agent its own collector.
func (a *Agent) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descPods, descReachable, descRestarts, descVersion} {
		to <- d
	}
}

// Collect looks at every node.
func (a *Agent) Collect(to chan<- prometheus.Metric) {
	to <- prometheus.MustNewConstMetric(descVersion, prometheus.GaugeValue, 1, node.Version, node.KubeletVersion())
	for _, m := range a.members {
		phases := map[string]int{"Pending": 0, "Running": 0, "Succeeded": 0, "Failed": 0}
		if pods, err := m.lister.List(everything); err == nil {
			for _, p := range pods {
				phases[string(p.Status.Phase)]++
			}
		}
		for phase, n := range phases {
			to <- prometheus.MustNewConstMetric(descPods, prometheus.GaugeValue, float64(n), m.name, phase)
		}
		reachable := 1.0
		if m.place.Reachable() != nil {
			reachable = 0
		}
		to <- prometheus.MustNewConstMetric(descReachable, prometheus.GaugeValue, reachable, m.name)
		if counter, ok := m.place.(interface{ Restarts() int }); ok {
			to <- prometheus.MustNewConstMetric(descRestarts, prometheus.CounterValue, float64(counter.Restarts()), m.name)
		}
	}
}
