package cri

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/types"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// PreparePod writes the pod's volumes and makes its sandbox.
func (m *machine) PreparePod(ctx context.Context, pod runtime.PodSpec) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	defer m.locks.lock(pod.Pod.UID)()
	if err := m.writeVolumes(pod); err != nil {
		return err
	}
	_, _, err = m.sandbox(ctx, rt, pod)
	return err
}

func (m *machine) writeVolumes(pod runtime.PodSpec) error {
	uid := pod.Pod.UID
	if name := string(uid); name == "" || filepath.Base(name) != name || !filepath.IsLocal(name) {
		return fmt.Errorf("%q is no pod's UID", uid)
	}
	for _, directory := range []string{m.logDirectory(uid), filepath.Join(m.podDirectory(uid), "volumes")} {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return err
		}
	}
	group := fsGroup(pod.Pod)
	for i := range pod.Pod.Spec.Volumes {
		volume := &pod.Pod.Spec.Volumes[i]
		directory := m.volumeDirectory(uid, volume.Name)
		var err error
		switch files, known := pod.Volumes[volume.Name]; {
		case volume.EmptyDir != nil:
			err = writeScratch(directory, group)
		case volume.HostPath != nil:
		case !known:
			err = errors.New("nothing is known of its content")
		default:
			err = writeFiles(directory, files.Files, group)
		}
		if err != nil {
			return fmt.Errorf("volume %s: %w", volume.Name, err)
		}
	}
	return nil
}

// ReleasePod stops the pod's sandboxes, which gives back its address and its ports.
func (m *machine) ReleasePod(ctx context.Context, uid types.UID) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	defer m.locks.lock(uid)()
	sandboxes, err := rt.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{
		LabelSelector: m.own(uid), State: &runtimeapi.PodSandboxStateValue{State: runtimeapi.PodSandboxState_SANDBOX_READY},
	})
	if err != nil {
		return failed(err)
	}
	for _, sandbox := range sandboxes {
		if err := rt.StopPodSandbox(ctx, sandbox.GetId()); err != nil {
			return fmt.Errorf("the sandbox could not be stopped: %w", failed(err))
		}
	}
	return nil
}

// RemovePod ends what runs of the pod, and takes away its sandboxes with all in them, its volumes and its logs.
func (m *machine) RemovePod(ctx context.Context, uid types.UID) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	defer m.locks.lock(uid)()
	sandboxes, err := rt.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{LabelSelector: m.own(uid)})
	if err != nil {
		return failed(err)
	}
	for _, sandbox := range sandboxes {
		if err := rt.StopPodSandbox(ctx, sandbox.GetId()); err != nil {
			return fmt.Errorf("the sandbox could not be stopped: %w", failed(err))
		}
		if err := rt.RemovePodSandbox(ctx, sandbox.GetId()); err != nil {
			return fmt.Errorf("the sandbox could not be removed: %w", failed(err))
		}
	}
	if err := m.removeStrays(ctx, rt, uid); err != nil {
		return err
	}
	return os.RemoveAll(m.podDirectory(uid))
}

// removeStrays takes away containers whose sandbox is gone.
func (m *machine) removeStrays(ctx context.Context, rt *services, uid types.UID) error {
	containers, err := rt.ListContainers(ctx, &runtimeapi.ContainerFilter{LabelSelector: m.own(uid)})
	if err != nil {
		return failed(err)
	}
	for _, c := range containers {
		if err := rt.RemoveContainer(ctx, c.GetId()); err != nil {
			return fmt.Errorf("container %s could not be removed: %w", c.GetMetadata().GetName(), failed(err))
		}
	}
	return nil
}

// Clean takes away the images that were pulled for this node and that nobody uses, and the node's directory.
func (m *machine) Clean(ctx context.Context) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	if err := m.removeImages(ctx, rt, func() bool { return false }); err != nil {
		return err
	}
	entries, err := os.ReadDir(m.config.Directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(m.config.Directory, entry.Name())))
	}
	return err
}
