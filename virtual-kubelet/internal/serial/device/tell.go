package device

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// hello VERSION: what the device is and can take.
func (d *Device) hello(a *arguments) (string, error) {
	if version := a.number(); a.err != nil || version != protocol.Version {
		return "", refuse(protocol.CodeVersion, "the device speaks version %d of the protocol", protocol.Version)
	}
	o := d.options
	return fmt.Sprintf("version=%d boot=%d time=%d line=%d pods=%d containers=%d document=%d file=%d files=%d log=%d",
		protocol.Version, d.state.Boot, d.now().Unix(), o.Line, o.Pods, o.Containers, o.Document, o.File, o.Files, o.Log), a.err
}

// status GENERATION AFTER MAX: pods and attempts with a higher id than AFTER, as many as fit; none if nothing has changed since GENERATION.
func (d *Device) status(a *arguments) (string, error) {
	generation, after, max := a.number(), a.number(), a.number()
	if a.err != nil {
		return "", a.err
	}
	head := fmt.Sprintf("boot=%d time=%d gen=%d", d.state.Boot, d.now().Unix(), d.state.Generation)
	if after == 0 && int64(generation) == d.state.Generation {
		return head + " same=1", nil
	}
	var items []item
	for _, pod := range d.state.Pods {
		items = append(items, item{pod.ID, fmt.Sprintf("p:%d:%s:%s:%s", pod.ID, pod.UID, pod.Namespace, pod.Name)})
		for _, one := range pod.Attempts {
			if one.State != created {
				items = append(items, item{one.ID, one.tell(pod)})
			}
		}
	}
	return d.page(head, items, int64(after), max), nil
}

func (a *attempt) tell(p *pod) string {
	reason := a.Reason
	if reason == "" {
		reason = "-"
	}
	return fmt.Sprintf("a:%d:%d:%s:%d:%s:%s:%d:%d:%d:%d:%s:%d", a.ID, p.ID, a.Name, a.Number, a.Kind, a.State, a.Started, a.Ended, a.Code, a.Signal, reason, len(a.Message))
}

type item struct {
	id   int64
	text string
}

// page puts the items into a line in the order of their ids; more=1 when some are left.
func (d *Device) page(head string, items []item, after int64, max int) string {
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.id, b.id) })
	page := []string{head}
	room := d.room(max) - len(head) - len(" more=1")
	for _, item := range items {
		if item.id <= after {
			continue
		}
		if room -= len(item.text) + 1; room < 0 {
			page = append(page, "more=1")
			break
		}
		page = append(page, item.text)
	}
	return strings.Join(page, " ")
}

// room is how much of an answer's body fits into the line that the agent takes.
func (d *Device) room(max int) int {
	return min(d.options.Line, max) - protocol.Overhead - len("ok ")
}

// seek UID NAME NUMBER TAIL SINCE: where in the log the last TAIL lines begin (-1: all) of those from second SINCE on.
func (d *Device) seek(a *arguments) (string, error) {
	attempt, err := d.wanted(a)
	tail, since := a.numberFrom(-1), a.number()
	if err := cmp.Or(a.err, err); err != nil {
		return "", err
	}
	return fmt.Sprintf("from=%d", attempt.log.seek(tail, int64(since))), nil
}

// log UID NAME NUMBER OFFSET MAX: the log from OFFSET on, or from what is left of it.
func (d *Device) log(a *arguments) (string, error) {
	attempt, err := d.wanted(a)
	offset, max := a.number(), a.number()
	if err := cmp.Or(a.err, err); err != nil {
		return "", err
	}
	room := protocol.Room(d.room(max) - len("state=created from= end= data=") - 2*len("9223372036854775807"))
	// The state is the one from before the log was read: what has ended by then writes nothing more.
	from, end, content := attempt.log.read(int64(offset), room)
	return fmt.Sprintf("state=%s from=%d end=%d data=%s", attempt.State, from, end, protocol.Encode(content)), nil
}

// message UID NAME NUMBER OFFSET MAX: why it could not run, or its termination message.
func (d *Device) message(a *arguments) (string, error) {
	attempt, err := d.wanted(a)
	offset, max := a.number(), a.number()
	if err := cmp.Or(a.err, err); err != nil {
		return "", err
	}
	rest := attempt.Message[min(offset, len(attempt.Message)):]
	return "data=" + protocol.Encode(rest[:min(len(rest), protocol.Room(d.room(max)-len("data=")))]), nil
}

// stats AFTER MAX: CPU time in nanoseconds and memory in bytes of what runs.
func (d *Device) stats(a *arguments) (string, error) {
	after, max := a.number(), a.number()
	if a.err != nil {
		return "", a.err
	}
	groups, err := groups()
	if err != nil {
		return "", err
	}
	var items []item
	for _, pod := range d.state.Pods {
		for _, one := range pod.Attempts {
			if use, ok := groups[one.Pid]; ok && one.State == running {
				items = append(items, item{one.ID, fmt.Sprintf("s:%d:%d:%d", one.ID, uint64(use.cpu*1e9), use.pages*uint64(os.Getpagesize()))})
			}
		}
	}
	return d.page(fmt.Sprintf("boot=%d time=%d", d.state.Boot, d.now().Unix()), items, int64(after), max), nil
}
