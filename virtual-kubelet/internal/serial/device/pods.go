package device

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// makePod UID NAMESPACE NAME
func (d *Device) makePod(a *arguments) (string, error) {
	uid, namespace, name := a.text(uids), a.text(names), a.text(podNames)
	if a.err != nil || d.find(uid) != nil {
		return "", a.err
	}
	if len(d.state.Pods) >= d.options.Pods {
		return "", refuse(protocol.CodeLimit, "the device takes %d pods (pods)", d.options.Pods)
	}
	p := &pod{ID: d.nextID(), UID: uid, Namespace: namespace, Name: name, Volumes: map[string]*volume{}, staged: map[string]*staged{}}
	if err := os.MkdirAll(filepath.Join(d.place(p), "volumes"), 0o700); err != nil {
		return "", err
	}
	d.state.Pods = append(d.state.Pods, p)
	return "", d.changed()
}

func (d *Device) wantedPod(a *arguments) (*pod, error) {
	uid := a.text(uids)
	if p := d.find(uid); p != nil || a.err != nil {
		return p, a.err
	}
	return nil, refuse(protocol.CodeMissing, "no pod %s", uid)
}

// remove UID: ends what runs of it at once; the pod goes when nothing is left.
func (d *Device) remove(a *arguments) (string, error) {
	uid := a.text(uids)
	p := d.find(uid)
	if a.err != nil || p == nil {
		return "left=0", a.err
	}
	left := 0
	for _, attempt := range p.Attempts {
		if attempt.State == running {
			d.kill(attempt)
			left++
		}
	}
	if left > 0 {
		return fmt.Sprintf("left=%d", left), nil
	}
	if err := os.RemoveAll(d.place(p)); err != nil {
		return "", err
	}
	d.state.Pods = slices.DeleteFunc(d.state.Pods, func(one *pod) bool { return one == p })
	return "left=0", d.changed()
}
