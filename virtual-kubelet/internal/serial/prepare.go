package serial

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/process"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// PreparePod makes the pod and its volumes. A volume whose content the device has already is not sent again.
func (d *device) PreparePod(ctx context.Context, pod runtime.PodSpec) error {
	uid := pod.Pod.UID
	if _, err := d.ask(ctx, "pod", uid, pod.Pod.Namespace, pod.Pod.Name); err != nil {
		return err
	}
	scratch := func(name string) error {
		_, err := d.ask(ctx, "scratch", uid, name)
		return err
	}
	return process.Volumes(pod, scratch, func(name string, files map[string]runtime.File) error {
		return d.volume(ctx, uid, name, files)
	})
}

func (d *device) volume(ctx context.Context, uid types.UID, name string, files map[string]runtime.File) error {
	version := process.Version(files)
	current, err := d.show(ctx, uid, name, version, len(files))
	if err != nil || current {
		return err
	}
	if err := d.fits(name, files); err != nil {
		return err
	}
	all, err := process.Files(name, files)
	if err != nil {
		return err
	}
	for _, file := range all {
		head := fmt.Sprintf("file %s %s %s %s %d %d", uid, name, version, protocol.Encode(file.Path), file.Mode, len(file.Content))
		if err := d.upload(ctx, fmt.Sprintf("volume %s: %s", name, file.Path), head, file.Content); err != nil {
			return err
		}
	}
	current, err = d.show(ctx, uid, name, version, len(files))
	if err == nil && !current {
		err = fmt.Errorf("volume %s: its files did not arrive as a whole; was the device started anew?", name)
	}
	return err
}

func (d *device) show(ctx context.Context, uid types.UID, name, version string, files int) (bool, error) {
	answer, err := d.ask(ctx, "volume", uid, name, version, files)
	return err == nil && answer.Fields["current"] == "1", err
}

// fits says what is too large before anything of it is sent: that may take minutes.
func (d *device) fits(name string, files map[string]runtime.File) error {
	limits, sum := d.limits.Load(), 0
	for file, content := range files {
		sum += len(content.Content)
		if len(content.Content) > limits.file {
			return fmt.Errorf("volume %s: %s has %d bytes; the device takes files of %d (its limit file)", name, file, len(content.Content), limits.file)
		}
	}
	if sum > limits.files {
		return fmt.Errorf("volume %s has %d bytes; the device takes %d for all of a pod's volumes (its limit files)", name, sum, limits.files)
	}
	return nil
}
