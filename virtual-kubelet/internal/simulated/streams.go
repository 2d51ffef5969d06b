package simulated

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Logs are two lines: when the container began, and when it ended.
func (r *Runtime) Logs(ctx context.Context, id runtime.ContainerID, o runtime.LogOptions) (io.ReadCloser, error) {
	if _, err := r.lines(id); err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(r.copyLogs(ctx, id, o, writer))
	}()
	return reader, nil
}

type line struct {
	at   time.Time
	text string
}

// lines that the container has written by now.
func (r *Runtime) lines(id runtime.ContainerID) ([]line, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.attempt(id)
	if a == nil {
		return nil, fmt.Errorf("container %s: %w", id.Name, runtime.ErrNotFound)
	}
	now := r.clock.Now()
	var out []line
	if !a.Start.After(now) {
		out = append(out, line{a.Start, fmt.Sprintf("simulated container %s began, attempt %d", a.Name, a.Attempt)})
	}
	if a.ended(now) {
		out = append(out, line{*a.End, fmt.Sprintf("simulated container %s ended with exit code %d", a.Name, a.Code)})
	}
	return out, nil
}

func (r *Runtime) copyLogs(ctx context.Context, id runtime.ContainerID, o runtime.LogOptions, to io.Writer) error {
	told, left := 0, o.LimitBytes
	for first := true; ; first = false {
		lines, err := r.lines(id)
		if err != nil {
			return nil
		}
		if first && o.Tail >= 0 && len(lines) > o.Tail {
			told = len(lines) - o.Tail
		}
		for ; told < len(lines); told++ {
			if lines[told].at.Before(o.Since) {
				continue
			}
			text := lines[told].text + "\n"
			if o.Timestamps {
				text = lines[told].at.UTC().Format(time.RFC3339) + " " + text
			}
			if o.LimitBytes > 0 && len(text) >= left {
				_, err := io.WriteString(to, text[:left])
				return err
			}
			left -= len(text)
			if _, err := io.WriteString(to, text); err != nil {
				return err
			}
		}
		if !o.Follow || len(lines) > 0 && strings.Contains(lines[len(lines)-1].text, " ended ") {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.clock.After(time.Second):
		}
	}
}

// Exec runs nothing and says so; every command succeeds.
func (r *Runtime) Exec(_ context.Context, id runtime.ContainerID, command []string, s runtime.Streams) error {
	r.mu.Lock()
	a := r.attempt(id)
	now := r.clock.Now()
	running := a != nil && !a.Start.After(now) && !a.ended(now)
	r.mu.Unlock()
	if !running {
		return fmt.Errorf("container %s does not run: %w", id.Name, runtime.ErrNotFound)
	}
	if s.Stdout == nil {
		return nil
	}
	_, err := fmt.Fprintf(s.Stdout, "simulated: %s\n", strings.Join(command, " "))
	return err
}

// Stats are what the configuration says each container uses.
func (r *Runtime) Stats(context.Context) ([]runtime.ContainerStats, error) {
	if r.config.CPUMilli == 0 && r.config.MemoryBytes == 0 {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	var out []runtime.ContainerStats
	for _, p := range r.pods {
		for _, a := range p.Attempts {
			if a.Start.After(now) || a.ended(now) {
				continue
			}
			out = append(out, runtime.ContainerStats{
				ID: runtime.ContainerID{Pod: p.UID, Name: a.Name, Attempt: a.Attempt},
				// CPU time is a counter that grows by the millicores of each second.
				CPUNanoseconds: uint64(now.Sub(a.Start).Seconds() * float64(r.config.CPUMilli) * 1e6),
				MemoryBytes:    r.config.MemoryBytes, Time: now,
			})
		}
	}
	return out, nil
}
