package simulated

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

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
