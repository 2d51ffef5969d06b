package device

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// wanted reads UID NAME NUMBER.
func (d *Device) wanted(a *arguments) (*attempt, error) {
	p, err := d.wantedPod(a)
	name, number := a.text(names), a.number()
	if err := cmp.Or(a.err, err); err != nil {
		return nil, err
	}
	if found := p.find(name, number); found != nil {
		return found, nil
	}
	return nil, refuse(protocol.CodeMissing, "no attempt %d of container %s in pod %s", number, name, p.UID)
}

// attempt UID NAME NUMBER KIND: makes it, and says where its files will be seen. Of the earlier ones the last is kept, for its log.
func (d *Device) attempt(a *arguments) (string, error) {
	p, err := d.wantedPod(a)
	name, number, kind := a.text(names), a.number(), a.next()
	switch {
	case cmp.Or(a.err, err) != nil:
		return "", cmp.Or(a.err, err)
	case kind != "main" && kind != "init":
		return "", refuse(protocol.CodeSyntax, "%s is neither main nor init", kind)
	}
	found := p.find(name, number)
	if found == nil {
		if err := d.forget(p, name, number-1); err != nil {
			return "", err
		}
		found = &attempt{ID: d.nextID(), Name: name, Number: number, Kind: kind, State: created, log: d.newLog()}
		p.Attempts = append(p.Attempts, found)
		if err := d.save(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("state=%s root=%s", found.State, protocol.Encode(d.root(p, found))), nil
}

func (d *Device) forget(p *pod, name string, before int) error {
	var err error
	p.Attempts = slices.DeleteFunc(p.Attempts, func(a *attempt) bool {
		old := a.Name == name && a.Number < before && a.State != running
		if old {
			err = cmp.Or(err, os.RemoveAll(filepath.Dir(d.root(p, a))))
		}
		return old
	})
	return err
}

// document UID NAME NUMBER VERSION SIZE OFFSET DATA: a piece of what the attempt will run. next is how much of it there is now.
func (d *Device) document(a *arguments) (string, error) {
	one, err := d.wanted(a)
	version, size, offset, content := a.text(versions), a.number(), a.number(), a.bytes()
	switch {
	case cmp.Or(a.err, err) != nil:
		return "", cmp.Or(a.err, err)
	case size > d.options.Document:
		return "", refuse(protocol.CodeLimit, "the device takes %d bytes of command, arguments and environment (document), not %d", d.options.Document, size)
	case offset > size-len(content):
		return "", refuse(protocol.CodeSyntax, "the piece is not in the document")
	case one.State != created:
		return fmt.Sprintf("next=%d", size), nil
	}
	if one.version != version {
		one.version, one.size, one.document = version, size, nil
	}
	if have := len(one.document); offset <= have {
		one.document = append(one.document, content[min(len(content), have-offset):]...)
	}
	return fmt.Sprintf("next=%d", len(one.document)), nil
}

// start UID NAME NUMBER VERSION: one that was started already is left as it is.
func (d *Device) start(a *arguments) (string, error) {
	uid := a.words[0]
	one, err := d.wanted(a)
	version := a.text(versions)
	switch {
	case cmp.Or(a.err, err) != nil:
		return "", cmp.Or(a.err, err)
	case one.State != created:
		return "state=" + one.State, nil
	case one.version != version || len(one.document) != one.size:
		return "", refuse(protocol.CodeFailed, "the document did not arrive as a whole")
	}
	document, err := protocol.ParseDocument(one.document)
	if err != nil {
		return "", refuse(protocol.CodeSyntax, "%s", err)
	}
	runs := 0
	for _, p := range d.state.Pods {
		for _, other := range p.Attempts {
			if other.State == running {
				runs++
			}
		}
	}
	if runs >= d.options.Containers {
		return "", refuse(protocol.CodeLimit, "the device runs %d containers at a time (containers)", d.options.Containers)
	}
	one.document = nil
	d.launch(d.find(uid), one, document)
	return "state=" + one.State, d.changed()
}

// stop UID NAME NUMBER GRACE: TERM to the group at the first time, KILL when the shortest grace that was ever given is over.
func (d *Device) stop(a *arguments) (string, error) {
	one, err := d.wanted(a)
	grace := a.number()
	if err := cmp.Or(a.err, err); err != nil {
		return "", err
	}
	if one.State == running {
		deadline := time.Now().Add(time.Duration(min(grace, math.MaxInt32)) * time.Second)
		if one.deadline.IsZero() && one.Pid > 0 {
			// A process that has just ended is no error.
			_ = unix.Kill(-one.Pid, unix.SIGTERM)
		}
		if one.deadline.IsZero() || deadline.Before(one.deadline) {
			d.killAt(one, deadline)
		}
	}
	return "state=" + one.State, nil
}

func (d *Device) killAt(a *attempt, deadline time.Time) {
	if a.killer != nil {
		a.killer.Stop()
	}
	a.deadline = deadline
	a.killer = time.AfterFunc(time.Until(deadline), func() {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		d.kill(a)
	})
}

// kill ends a group at once. With the lock held; a number that was given back is 0.
func (d *Device) kill(a *attempt) {
	if a.State == running && a.Pid > 0 {
		a.deadline = time.Now()
		_ = unix.Kill(-a.Pid, unix.SIGKILL)
	}
}
