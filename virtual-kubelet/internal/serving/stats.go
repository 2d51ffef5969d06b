package serving

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

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

// summary is /stats/summary: pods with what their containers use, and the node as their sum where there is one node alone.
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
		sums := []usageSums{{c.CPU, c.Memory}, {pod.CPU, pod.Memory}}
		if len(s.config.Nodes) == 1 {
			sums = append(sums, usageSums{out.Node.CPU, out.Node.Memory})
		}
		for _, to := range sums {
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

// usageSums are one sum in the summary.
type usageSums struct {
	cpu    *statsv1.CPUStats
	memory *statsv1.MemoryStats
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
