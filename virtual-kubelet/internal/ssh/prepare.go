package ssh

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// PreparePod makes the pod's directory and its volumes. A volume whose content changed is replaced as a whole.
func (d *device) PreparePod(ctx context.Context, pod runtime.PodSpec) error {
	p := &payload{}
	p.say("pod", string(pod.Pod.UID), pod.Pod.Namespace, pod.Pod.Name)
	for i := range pod.Pod.Spec.Volumes {
		spec := &pod.Pod.Spec.Volumes[i]
		volume, known := pod.Volumes[spec.Name]
		switch {
		case spec.EmptyDir != nil:
			p.say("scratch", spec.Name)
		case !known:
			return fmt.Errorf("spec.volumes[%d]: nothing is known of volume %s", i, spec.Name)
		default:
			if err := p.volume(spec.Name, volume.Files); err != nil {
				return err
			}
		}
	}
	return d.apply(ctx, p)
}

func (p *payload) volume(name string, files map[string]runtime.File) error {
	p.raw("if " + "volume " + quote(name, hash(files)) + "; then")
	for _, file := range slices.Sorted(maps.Keys(files)) {
		clean := path.Clean(file)
		if path.IsAbs(file) || clean == "." || strings.HasPrefix(clean, "..") || strings.Contains(file, "\x00") {
			return fmt.Errorf("volume %s: %q is no path in it", name, file)
		}
		offset, length := p.add(files[file].Content)
		p.say("file", path.Dir(clean), path.Base(clean), fmt.Sprintf("%o", mode(files[file].Mode)), offset, length)
	}
	p.raw("shown; fi")
	return nil
}

// mode keeps the owner's rights alone: the pod's directory is closed to everybody else.
func mode(wanted uint32) uint32 {
	if wanted == 0 {
		return 0o600
	}
	return wanted&0o700 | 0o400
}

func hash(files map[string]runtime.File) string {
	sum := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %o %d\n", file, mode(files[file].Mode), len(files[file].Content))
		sum.Write(files[file].Content)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
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
