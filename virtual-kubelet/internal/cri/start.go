package cri

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// keptAttempts is how many attempts of a container are kept, for `kubectl logs --previous`.
const keptAttempts = 2

// StartContainer has the image there, makes the container and starts it. One that was made and not started, by an agent that was ended
// in between, is started now.
func (m *machine) StartContainer(ctx context.Context, pod runtime.PodSpec, c runtime.ContainerSpec) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	defer m.locks.lock(pod.Pod.UID)()
	id := runtime.ContainerID{Pod: pod.Pod.UID, Name: c.Container.Name, Attempt: c.Attempt}
	there, err := m.find(ctx, rt, id)
	if err != nil {
		return err
	}
	if there == nil {
		if there, err = m.make(ctx, rt, pod, c); err != nil {
			return err
		}
	}
	if there.GetState() == runtimeapi.ContainerState_CONTAINER_CREATED {
		if err := m.begin(ctx, rt, id, there.GetId()); err != nil {
			return err
		}
	}
	m.changed()
	return nil
}

// make makes the container of an attempt, once nothing of former ones runs.
func (m *machine) make(ctx context.Context, rt *services, pod runtime.PodSpec, c runtime.ContainerSpec) (*runtimeapi.Container, error) {
	if err := m.retire(ctx, rt, pod, c); err != nil {
		return nil, err
	}
	sandbox, sandboxConfig, err := m.sandbox(ctx, rt, pod)
	if err != nil {
		return nil, err
	}
	image, err := m.image(ctx, rt, pod, c.Container, sandboxConfig)
	if err != nil {
		return nil, err
	}
	ip, err := m.addressOf(ctx, rt, sandbox)
	if err != nil {
		return nil, err
	}
	config, err := m.containerConfig(pod, c, image, ip)
	if err != nil {
		return nil, err
	}
	made, err := rt.CreateContainer(ctx, sandbox, config, sandboxConfig)
	if err != nil {
		return nil, createError(err)
	}
	return &runtimeapi.Container{Id: made, State: runtimeapi.ContainerState_CONTAINER_CREATED}, nil
}

func createError(err error) error {
	if err := failed(err); errors.Is(err, runtime.ErrUnreachable) {
		return err
	}
	return runtime.NotStarted{Reason: "CreateContainerError", Message: err.Error()}
}

// begin starts a container. A program that cannot be run is the container's end, and told as such.
func (m *machine) begin(ctx context.Context, rt *services, id runtime.ContainerID, container string) error {
	// A start that is cut off in its midst is the container's end to a runtime. The client bounds it by callTimeout.
	err := rt.StartContainer(context.WithoutCancel(ctx), container)
	if err == nil {
		return nil
	}
	if err := failed(err); errors.Is(err, runtime.ErrUnreachable) {
		return err
	}
	if now, lost := m.find(ctx, rt, id); lost == nil && now.GetState() == runtimeapi.ContainerState_CONTAINER_EXITED {
		return nil
	}
	return runtime.NotStarted{Reason: "RunContainerError", Message: err.Error()}
}

// retire ends what may still run of former attempts, and forgets all of them but the last.
func (m *machine) retire(ctx context.Context, rt *services, pod runtime.PodSpec, c runtime.ContainerSpec) error {
	former, err := m.attempts(ctx, rt, pod.Pod.UID, c.Container.Name)
	if err != nil {
		return err
	}
	for _, old := range former {
		attempt := int(old.GetMetadata().GetAttempt())
		if attempt >= c.Attempt {
			continue
		}
		if old.GetState() != runtimeapi.ContainerState_CONTAINER_EXITED {
			if err := rt.StopContainer(ctx, old.GetId(), 0); err != nil {
				return failed(err)
			}
		}
		if attempt > c.Attempt-keptAttempts {
			continue
		}
		if err := rt.RemoveContainer(ctx, old.GetId()); err != nil {
			return failed(err)
		}
		if err := m.forget(runtime.ContainerID{Pod: pod.Pod.UID, Name: c.Container.Name, Attempt: attempt}); err != nil {
			return err
		}
	}
	return nil
}

// forget takes an attempt's files away.
func (m *machine) forget(id runtime.ContainerID) error {
	for _, file := range logFiles(m.logPath(id)) {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.RemoveAll(m.attemptDirectory(id))
}

func (m *machine) containerConfig(pod runtime.PodSpec, c runtime.ContainerSpec, image *runtimeapi.Image, ip string) (*runtimeapi.ContainerConfig, error) {
	security, err := containerSecurity(pod.Pod, c.Container, image)
	if err != nil {
		return nil, err
	}
	mounts, err := m.mounts(pod, c, ip)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(m.logDirectory(pod.Pod.UID), c.Container.Name), 0o700); err != nil {
		return nil, err
	}
	env := make([]*runtimeapi.KeyValue, len(c.Env))
	for i, variable := range c.Env {
		env[i] = &runtimeapi.KeyValue{Key: variable.Name, Value: []byte(variable.Value)}
	}
	return &runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: c.Container.Name, Attempt: uint32(c.Attempt)},
		Image:    &runtimeapi.ImageSpec{Image: image.GetId(), UserSpecifiedImage: c.Container.Image},
		Command:  c.Container.Command, Args: c.Container.Args, WorkingDir: c.Container.WorkingDir, Envs: env, Mounts: mounts,
		Labels: m.containerLabels(pod, c), Annotations: map[string]string{annotationImage: c.Container.Image},
		LogPath: logName(c.Container.Name, c.Attempt),
		Stdin:   c.Container.Stdin, StdinOnce: c.Container.StdinOnce, Tty: c.Container.TTY,
		Linux: &runtimeapi.LinuxContainerConfig{Resources: resources(pod.Pod, c.Container), SecurityContext: security},
	}, nil
}

// StopContainer has the runtime send the stop signal to the container's first process, and end all of it when the grace is over.
func (m *machine) StopContainer(ctx context.Context, id runtime.ContainerID, grace time.Duration) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	there, err := m.find(ctx, rt, id)
	if err != nil || there == nil || there.GetState() == runtimeapi.ContainerState_CONTAINER_EXITED {
		return err
	}
	if err := rt.StopContainer(ctx, there.GetId(), int64(math.Ceil(grace.Seconds()))); err != nil {
		return failed(err)
	}
	m.changed()
	return nil
}
