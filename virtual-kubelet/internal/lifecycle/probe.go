package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// probeLoop runs one probe again and again; liveness and readiness begin when the container has started.
func (m *Manager) probeLoop(ctx context.Context, q *probes, api *corev1.Pod, id runtime.ContainerID, kind string, probe *corev1.Probe) {
	wait := time.Duration(probe.InitialDelaySeconds) * time.Second
	good, bad := 0, 0
	for {
		timer := m.clock.NewTimer(max(wait, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		wait = seconds(probe.PeriodSeconds, 10)
		if kind != "Startup" && !q.hasStarted() {
			continue
		}
		ok, known, message := m.probe(ctx, id, probe)
		if ctx.Err() != nil || !known {
			continue
		}
		if ok {
			good, bad = good+1, 0
		} else {
			good, bad = 0, bad+1
			m.home.Events.Eventf(api, corev1.EventTypeWarning, "Unhealthy", "%s probe of container %s failed: %s", kind, id.Name, message)
		}
		changed := q.result(kind, probe, good >= int(max(1, probe.SuccessThreshold)), bad >= times(probe.FailureThreshold, 3), message)
		if changed {
			m.kick(id.Pod)
		}
		if changed && (kind == "Startup" || q.isDead()) {
			return
		}
	}
}

// probe runs the command once: known is false where that says nothing about the container.
func (m *Manager) probe(ctx context.Context, id runtime.ContainerID, probe *corev1.Probe) (ok, known bool, message string) {
	limit := seconds(probe.TimeoutSeconds, 1)
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out bytes.Buffer
	limited := &head{to: &out}
	err := m.rt.Exec(bounded, id, probe.Exec.Command, runtime.Streams{Stdout: limited, Stderr: limited})
	var exit runtime.ExitError
	switch {
	case err == nil:
		return true, true, ""
	case errors.As(err, &exit):
		return false, true, strings.TrimSpace(fmt.Sprintf("exit code %d: %s", exit.Code, out.String()))
	case errors.Is(err, runtime.ErrUnreachable), errors.Is(err, runtime.ErrNotFound):
		return false, false, ""
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		// A place that went away looks like this too; the looks decide which it is.
		return false, m.Reachable() == nil && !m.doubtful(), fmt.Sprintf("no answer within %s", limit)
	}
	return false, false, ""
}

// doubtful says that the last look failed.
func (m *Manager) doubtful() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failures > 0
}

func seconds(n int32, otherwise int) time.Duration {
	return time.Duration(times(n, otherwise)) * time.Second
}

func times(n int32, otherwise int) int {
	if n > 0 {
		return int(n)
	}
	return otherwise
}

// head keeps the first kilobyte of what a probe prints.
type head struct{ to *bytes.Buffer }

func (h *head) Write(b []byte) (int, error) {
	h.to.Write(b[:min(len(b), 1024-min(1024, h.to.Len()))])
	return len(b), nil
}
