package lifecycle

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Logs reads a container's log as `kubectl logs` asks for it.
func (m *Manager) Logs(ctx context.Context, name runtime.PodName, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	v, id, err := m.locate(name, o.Container)
	if err != nil {
		return nil, err
	}
	if o.Previous {
		switch {
		case v.hasEnded() && v.mem.waiting != nil:
			// While the next attempt is waited for, the one that has ended is the previous one already.
		case v.previous != nil:
			id.Attempt = v.previous.Attempt
		default:
			return nil, fmt.Errorf("previous terminated container %q in pod %q: %w", o.Container, name.Name, runtime.ErrNotFound)
		}
	} else if v.last.Waiting {
		if v.previous == nil {
			return nil, fmt.Errorf("container %q in pod %q is waiting to start: %s: %w", o.Container, name.Name, v.last.Reason, runtime.ErrNotFound)
		}
		id.Attempt = v.previous.Attempt
	}
	options := runtime.LogOptions{Follow: o.Follow, Timestamps: o.Timestamps, Tail: -1}
	if o.TailLines != nil {
		options.Tail = int(*o.TailLines)
	}
	if o.SinceTime != nil {
		options.Since = o.SinceTime.Time
	} else if o.SinceSeconds != nil {
		options.Since = m.clock.Now().Add(-time.Duration(*o.SinceSeconds) * time.Second)
	}
	if o.LimitBytes != nil {
		options.LimitBytes = int(*o.LimitBytes)
	}
	log, err := m.rt.Logs(ctx, id, options)
	if err != nil || options.Follow || options.Tail < 0 {
		return log, err
	}
	return &lastLines{log, options.Tail}, nil
}

// Exec runs a command in a running container.
func (m *Manager) Exec(ctx context.Context, name runtime.PodName, container string, command []string, s runtime.Streams) error {
	id, err := m.locateRunning(name, container)
	if err != nil {
		return err
	}
	return m.rt.Exec(ctx, id, command, s)
}

// Attach joins a container's first process, where the place can.
func (m *Manager) Attach(ctx context.Context, name runtime.PodName, container string, s runtime.Streams) error {
	attacher, ok := m.rt.(runtime.Attacher)
	if !ok {
		return fmt.Errorf("attach: provider %s does not keep the streams of a container's first process open (use kubectl logs -f): %w", m.provider, runtime.ErrNotPossible)
	}
	id, err := m.locateRunning(name, container)
	if err != nil {
		return err
	}
	return attacher.Attach(ctx, id, s)
}

// PortForward connects to a port of the pod, where the place can.
func (m *Manager) PortForward(ctx context.Context, name runtime.PodName, port int32, stream io.ReadWriteCloser) error {
	forwarder, ok := m.rt.(runtime.PortForwarder)
	if !ok {
		return fmt.Errorf("port-forward: provider %s has no way to a pod's ports: %w", m.provider, runtime.ErrNotPossible)
	}
	api, err := m.pod(name)
	if err != nil {
		return err
	}
	return forwarder.PortForward(ctx, api.UID, port, stream)
}

// Usage tells what the running containers use.
func (m *Manager) Usage(ctx context.Context) ([]runtime.Usage, error) {
	stats, err := m.rt.Stats(ctx)
	if err != nil {
		return nil, err
	}
	var out []runtime.Usage
	for _, s := range stats {
		m.mu.Lock()
		p := m.pods[s.ID.Pod]
		m.mu.Unlock()
		if p == nil {
			continue
		}
		if api := m.find(p); api != nil {
			out = append(out, runtime.Usage{Pod: api, Container: s.ID.Name, ContainerStats: s})
		}
	}
	return out, nil
}

func (m *Manager) pod(name runtime.PodName) (*corev1.Pod, error) {
	api, err := m.home.Pods.Pods(name.Namespace).Get(name.Name)
	if err != nil || name.UID != "" && api.UID != name.UID {
		return nil, fmt.Errorf("pod %s/%s: %w", name.Namespace, name.Name, runtime.ErrNotFound)
	}
	return api, nil
}

// locate finds the newest attempt of a container of a pod.
func (m *Manager) locate(name runtime.PodName, container string) (*view, runtime.ContainerID, error) {
	api, err := m.pod(name)
	if err != nil {
		return nil, runtime.ContainerID{}, err
	}
	m.mu.Lock()
	t := turn{api: api, number: m.look.number}
	t.state, t.seen = m.look.pods[api.UID]
	p := m.pods[api.UID]
	m.mu.Unlock()
	if p == nil {
		p = newPod(api.UID)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	inits, mains := m.views(p, t)
	for _, v := range append(inits, mains...) {
		if v.spec.Name != container {
			continue
		}
		if v.last == nil {
			return nil, runtime.ContainerID{}, fmt.Errorf("container %q in pod %q is waiting to start: %s: %w", container, name.Name, m.waiting(p, v).Reason, runtime.ErrNotFound)
		}
		return v, runtime.ContainerID{Pod: api.UID, Name: container, Attempt: v.last.Attempt}, nil
	}
	return nil, runtime.ContainerID{}, fmt.Errorf("container %q is not in pod %q: %w", container, name.Name, runtime.ErrNotFound)
}

func (m *Manager) locateRunning(name runtime.PodName, container string) (runtime.ContainerID, error) {
	v, id, err := m.locate(name, container)
	if err == nil && !v.running() {
		err = fmt.Errorf("container %q in pod %q does not run: %w", container, name.Name, runtime.ErrNotFound)
	}
	return id, err
}
