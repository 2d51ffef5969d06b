package serial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// PreparePod makes the pod and its volumes. A volume whose content the device has already is not sent again.
func (d *device) PreparePod(ctx context.Context, pod runtime.PodSpec) error {
	uid := pod.Pod.UID
	if _, err := d.ask(ctx, "pod", uid, pod.Pod.Namespace, pod.Pod.Name); err != nil {
		return err
	}
	for i := range pod.Pod.Spec.Volumes {
		spec := &pod.Pod.Spec.Volumes[i]
		volume, known := pod.Volumes[spec.Name]
		var err error
		switch {
		case spec.EmptyDir != nil:
			_, err = d.ask(ctx, "scratch", uid, spec.Name)
		case !known:
			err = fmt.Errorf("nothing is known of volume %s", spec.Name)
		default:
			err = d.volume(ctx, uid, spec.Name, volume.Files)
		}
		if err != nil {
			return fmt.Errorf("spec.volumes[%d]: %w", i, err)
		}
	}
	return nil
}

func (d *device) volume(ctx context.Context, uid types.UID, name string, files map[string]runtime.File) error {
	version := versionOf(files)
	current, err := d.show(ctx, uid, name, version, len(files))
	if err != nil || current {
		return err
	}
	if err := d.fits(name, files); err != nil {
		return err
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		clean := path.Clean(file)
		if path.IsAbs(file) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(file, "\x00") {
			return fmt.Errorf("volume %s: %q is no path in it", name, file)
		}
		content := files[file].Content
		head := fmt.Sprintf("file %s %s %s %s %d %d", uid, name, version, protocol.Encode(clean), mode(files[file].Mode), len(content))
		if err := d.upload(ctx, fmt.Sprintf("volume %s: %s", name, file), head, content); err != nil {
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

// mode keeps the owner's rights alone.
func mode(wanted uint32) uint32 {
	if wanted == 0 {
		return 0o600
	}
	return wanted&0o700 | 0o400
}

func versionOf(files map[string]runtime.File) string {
	sum := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %o %d\n", file, mode(files[file].Mode), len(files[file].Content))
		sum.Write(files[file].Content)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
