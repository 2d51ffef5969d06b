package device

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// state is what is kept over a restart. Logs are not: a small device has no place for them.
type state struct {
	// Boot counts the starts of the device.
	Boot int64
	// Generation grows with everything that status tells.
	Generation int64
	// LastID was given to the youngest pod or attempt.
	LastID int64
	Pods   []*pod
}

// pod is one that the agent made.
type pod struct {
	ID                   int64
	UID, Namespace, Name string
	// Volumes by name.
	Volumes  map[string]*volume
	Attempts []*attempt
	// staged are the volumes that are being sent, by name.
	staged map[string]*staged
}

// volume is the content that is seen; its version is the agent's word for it.
type volume struct {
	Version string
	Bytes   int
}

// attempt is one run of a container.
type attempt struct {
	ID     int64
	Name   string
	Kind   string
	Number int
	// State is created, running or ended.
	State          string
	Started, Ended int64
	Code, Signal   int
	Reason         string
	Message        string
	// Pid and Born name the process: a number alone may be another one's by now.
	Pid  int
	Born uint64

	// document is what was sent of it so far, and its version.
	document []byte
	version  string
	size     int
	log      *ring
	// deadline is when KILL follows; zero while nobody asked to stop.
	deadline time.Time
	killer   *time.Timer
}

const (
	created = "created"
	running = "running"
	ended   = "ended"
)

func (d *Device) stateFile() string { return filepath.Join(d.options.Directory, "state.json") }

// load reads the state of before; what ran then is ended, as it is when a device loses its power.
func (d *Device) load() error {
	text, err := os.ReadFile(d.stateFile())
	if err == nil {
		err = json.Unmarshal(text, &d.state)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", d.stateFile(), err)
	}
	d.state.Boot++
	d.state.Generation++
	for _, pod := range d.state.Pods {
		pod.staged = map[string]*staged{}
		if err := os.RemoveAll(filepath.Join(d.place(pod), "staged")); err != nil {
			return err
		}
		for _, attempt := range pod.Attempts {
			attempt.log = d.newLog()
			if attempt.State == running {
				killLeftOver(attempt)
				attempt.State, attempt.Ended, attempt.Code, attempt.Reason = ended, d.now().Unix(), 137, "DeviceRestarted"
			}
		}
	}
	return d.save()
}

// save writes the state beside its file and renames it: it is never seen half.
func (d *Device) save() error {
	text, err := json.Marshal(&d.state)
	if err != nil {
		return err
	}
	next := d.stateFile() + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, d.stateFile())
}

// changed is called with the lock held after everything that status tells has changed.
func (d *Device) changed() error {
	d.state.Generation++
	return d.save()
}

func (d *Device) nextID() int64 {
	d.state.LastID++
	return d.state.LastID
}

func (d *Device) newLog() *ring { return &ring{max: d.options.Log, now: d.now} }

// place is the directory of a pod; its containers' and volumes' are below it.
func (d *Device) place(p *pod) string { return filepath.Join(d.options.Directory, "pods", p.UID) }

func (d *Device) root(p *pod, a *attempt) string {
	return filepath.Join(d.place(p), "containers", a.Name, fmt.Sprint(a.Number), "root")
}

func (d *Device) find(uid string) *pod {
	for _, pod := range d.state.Pods {
		if pod.UID == uid {
			return pod
		}
	}
	return nil
}

func (p *pod) find(name string, number int) *attempt {
	for _, attempt := range p.Attempts {
		if attempt.Name == name && attempt.Number == number {
			return attempt
		}
	}
	return nil
}
