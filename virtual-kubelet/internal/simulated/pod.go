package simulated

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// keptAttempts of a container, as many as `kubectl logs --previous` can ask for.
const keptAttempts = 2

// pod is a pod's file.
type pod struct {
	UID             types.UID
	Namespace, Name string
	IP              string
	Attempts        []*attempt `json:",omitempty"`
}

// attempt is one run of a container, past or to come.
type attempt struct {
	Name      string
	Init      bool `json:",omitempty"`
	Attempt   int
	Image     string
	Start     time.Time
	End       *time.Time    `json:",omitempty"`
	Code      int           `json:",omitempty"`
	Signal    int           `json:",omitempty"`
	StopAfter time.Duration `json:",omitempty"`
}

func (a *attempt) ended(now time.Time) bool { return a.End != nil && !a.End.After(now) }

func (p *pod) find(name string, number int) *attempt {
	for _, a := range p.Attempts {
		if a.Name == name && a.Attempt == number {
			return a
		}
	}
	return nil
}

// prune drops the oldest attempts of a container.
func (p *pod) prune(name string) {
	count := 0
	for i := len(p.Attempts) - 1; i >= 0; i-- {
		if p.Attempts[i].Name != name {
			continue
		}
		if count++; count > keptAttempts {
			p.Attempts = append(p.Attempts[:i], p.Attempts[i+1:]...)
		}
	}
}

func (p *pod) state(now time.Time) runtime.PodState {
	s := runtime.PodState{UID: p.UID, Namespace: p.Namespace, Name: p.Name, IP: p.IP}
	for _, a := range p.Attempts {
		c := runtime.ContainerState{Name: a.Name, Init: a.Init, Attempt: a.Attempt, Image: a.Image, ImageID: "simulated://" + a.Image}
		switch {
		case a.ended(now):
			c.StartedAt, c.FinishedAt, c.ExitCode, c.Signal = a.Start, *a.End, a.Code, a.Signal
		case a.Start.After(now):
			c.Waiting, c.Reason = true, "ContainerCreating"
		default:
			c.Running, c.StartedAt = true, a.Start
		}
		s.Containers = append(s.Containers, c)
	}
	return s
}

// course reads from the pod's annotations what becomes of a container that is started now.
func course(p *corev1.Pod, c runtime.ContainerSpec, now time.Time) (*attempt, error) {
	a := &attempt{Name: c.Container.Name, Init: c.Init, Attempt: c.Attempt, Image: c.Container.Image, Start: now}
	startAfter, _, err := duration(p, "start-after", a.Name)
	if err != nil {
		return nil, err
	}
	a.Start = now.Add(startAfter)
	runFor, bounded, err := duration(p, "run-for", a.Name)
	if err != nil {
		return nil, err
	}
	sidecar := c.Container.RestartPolicy != nil && *c.Container.RestartPolicy == corev1.ContainerRestartPolicyAlways
	if bounded || c.Init && !sidecar {
		end := a.Start.Add(runFor)
		a.End = &end
	}
	if a.StopAfter, _, err = duration(p, "stop-after", a.Name); err != nil {
		return nil, err
	}
	if text, key := annotation(p, "exit-code", a.Name); text != "" {
		if a.Code, err = strconv.Atoi(text); err != nil || a.Code < 0 || a.Code > 255 {
			return nil, fmt.Errorf("annotation %s is %q and has to be a number from 0 to 255", key, text)
		}
	}
	return a, nil
}

// annotation of the container, else of the pod (which says nothing about init containers).
func annotation(p *corev1.Pod, name, container string) (value, key string) {
	key = Prefix + name + "." + container
	if value, ok := p.Annotations[key]; ok {
		return value, key
	}
	for i := range p.Spec.InitContainers {
		if p.Spec.InitContainers[i].Name == container {
			return "", key
		}
	}
	key = Prefix + name
	return p.Annotations[key], key
}

func duration(p *corev1.Pod, name, container string) (time.Duration, bool, error) {
	text, key := annotation(p, name, container)
	if text == "" {
		return 0, false, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, false, fmt.Errorf("annotation %s is %q and has to be a duration such as 10s", key, text)
	}
	return d, true, nil
}

// address is one from the range for benchmarks (RFC 2544), always the same for a pod.
func address(uid types.UID) string {
	h := fnv.New32a()
	h.Write([]byte(uid))
	n := h.Sum32()
	return fmt.Sprintf("198.%d.%d.%d", 18+n>>16&1, n>>8&255, 1+n%254)
}

func (r *Runtime) file(uid types.UID) string {
	return filepath.Join(r.directory, string(uid)+".json")
}

// save writes the pod's file in one step. Call with mu held.
func (r *Runtime) save(p *pod) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	next := r.file(p.UID) + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, r.file(p.UID))
}

func (r *Runtime) load() error {
	entries, err := os.ReadDir(r.directory)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.directory, e.Name()))
		if err != nil {
			return err
		}
		p := &pod{}
		if err := json.Unmarshal(text, p); err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
		r.pods[p.UID] = p
		for _, a := range p.Attempts {
			r.wakeAt(a)
		}
	}
	return nil
}
