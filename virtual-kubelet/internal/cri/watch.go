package cri

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/klog/v2"
)

// watchInterval is a kubelet's: every runtime answers to a list, while events are an option that not every one has.
const watchInterval = time.Second

// watch tells when a container or sandbox changed its state, or the runtime came or went; and it rotates logs.
func (m *machine) watch(ctx context.Context) {
	// A runtime that is away is told by who asks it for something; not every second by its client.
	ctx = klog.NewContext(ctx, klog.Logger{})
	before := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchInterval):
		}
		now := m.lookAround(ctx)
		if now != before {
			m.changed()
		}
		before = now
	}
}

// lookAround is everything's state in one text.
func (m *machine) lookAround(ctx context.Context) string {
	const gone = "the runtime does not answer"
	rt, err := m.runtime(ctx)
	if err != nil {
		return gone
	}
	sandboxes, err := rt.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{LabelSelector: m.own("")})
	if err != nil {
		return gone
	}
	containers, err := rt.ListContainers(ctx, &runtimeapi.ContainerFilter{LabelSelector: m.own("")})
	if err != nil {
		return gone
	}
	var states []string
	for _, s := range sandboxes {
		states = append(states, s.GetId()+"/"+s.GetState().String())
	}
	for _, c := range containers {
		states = append(states, keyOf(c))
		m.rotateOf(ctx, rt, c)
	}
	slices.Sort(states)
	return strings.Join(states, "\n")
}

// rotateOf rotates the log of a container that runs; what fails is tried again at the next look.
func (m *machine) rotateOf(ctx context.Context, rt *services, c *runtimeapi.Container) {
	if c.GetState() != runtimeapi.ContainerState_CONTAINER_RUNNING {
		return
	}
	path, reopen := m.logPath(idOf(c)), func() error { return rt.ReopenContainerLog(ctx, c.GetId()) }
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		// An agent was ended after it had put the file aside, and the container writes there still.
		_ = reopen()
	case err == nil && info.Size() >= m.config.Logs.MaxSize.Value():
		_ = rotate(path, m.config.Logs.MaxFiles, time.Now(), reopen)
	}
}

// rotate puts a log aside and has the runtime begin another file; when that fails the log is where it was.
func rotate(path string, files int, now time.Time, reopen func() error) error {
	aside := path + "." + now.UTC().Format(rotatedFormat)
	if err := os.Rename(path, aside); err != nil {
		return err
	}
	if err := reopen(); err != nil {
		if back := os.Rename(aside, path); back != nil {
			return fmt.Errorf("%w, and %w", err, back)
		}
		return err
	}
	all := logFiles(path)
	for len(all) > files {
		if err := os.Remove(all[0]); err != nil {
			return err
		}
		all = all[1:]
	}
	return nil
}
