package process

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Volumes goes through a pod's volumes: scratch for an emptyDir, files for what has content.
func Volumes(pod runtime.PodSpec, scratch func(name string) error, files func(name string, files map[string]runtime.File) error) error {
	for i := range pod.Pod.Spec.Volumes {
		spec := &pod.Pod.Spec.Volumes[i]
		volume, known := pod.Volumes[spec.Name]
		var err error
		switch {
		case spec.EmptyDir != nil:
			err = scratch(spec.Name)
		case !known:
			err = fmt.Errorf("nothing is known of volume %s", spec.Name)
		default:
			err = files(spec.Name, volume.Files)
		}
		if err != nil {
			return fmt.Errorf("spec.volumes[%d]: %w", i, err)
		}
	}
	return nil
}

// File is one file of a volume, as it is to be made.
type File struct {
	// Path in the volume.
	Path    string
	Mode    uint32
	Content []byte
}

// Files are a volume's, sorted by path.
func Files(volume string, files map[string]runtime.File) ([]File, error) {
	var out []File
	for _, file := range slices.Sorted(maps.Keys(files)) {
		clean := path.Clean(file)
		if path.IsAbs(file) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(file, "\x00") {
			return nil, fmt.Errorf("volume %s: %q is no path in it", volume, file)
		}
		out = append(out, File{clean, mode(files[file].Mode), files[file].Content})
	}
	return out, nil
}

// Version is another one for every other content or mode of a volume's files.
func Version(files map[string]runtime.File) string {
	sum := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %o %d\n", file, mode(files[file].Mode), len(files[file].Content))
		sum.Write(files[file].Content)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// mode keeps the owner's rights alone: the pod's directory is closed to everybody else.
func mode(wanted uint32) uint32 {
	if wanted == 0 {
		return 0o600
	}
	return wanted&0o700 | 0o400
}
