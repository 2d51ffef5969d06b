package ssh

import (
	"context"
	"errors"
	"fmt"
	"path"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/process"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// PreparePod makes the pod's directory and its volumes. A volume whose content changed is replaced as a whole.
func (d *device) PreparePod(ctx context.Context, pod runtime.PodSpec) error {
	p := &payload{}
	p.say("pod", string(pod.Pod.UID), pod.Pod.Namespace, pod.Pod.Name)
	scratch := func(name string) error { p.say("scratch", name); return nil }
	if err := process.Volumes(pod, scratch, p.volume); err != nil {
		return err
	}
	return d.apply(ctx, p)
}

func (p *payload) volume(name string, files map[string]runtime.File) error {
	all, err := process.Files(name, files)
	if err != nil {
		return err
	}
	p.raw("if volume " + quote(name, process.Version(files)) + "; then")
	for _, file := range all {
		offset, length := p.add(file.Content)
		p.say("file", path.Dir(file.Path), path.Base(file.Path), fmt.Sprintf("%o", file.Mode), offset, length)
	}
	p.raw("shown; fi")
	return nil
}

// attempt is the directory of one on the device.
func (l *login) attempt(id runtime.ContainerID) string {
	return fmt.Sprintf("%s/pods/%s/containers/%s/%d", l.root, id.Pod, id.Name, id.Attempt)
}

// RemovePod ends what runs of the pod and deletes its directory.
func (d *device) RemovePod(ctx context.Context, uid types.UID) error {
	return d.callIfInstalled(ctx, "remove", string(uid))
}

// Clean deletes the node's directory, once it has no pods.
func (d *device) Clean(ctx context.Context) error { return d.callIfInstalled(ctx, "clean") }

// callIfInstalled has nothing to do on a device that has nothing of this node.
func (d *device) callIfInstalled(ctx context.Context, words ...string) error {
	_, err := d.call(ctx, nil, words...)
	if errors.Is(err, errNotInstalled) {
		return nil
	}
	return err
}
