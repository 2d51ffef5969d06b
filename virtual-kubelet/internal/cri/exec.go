package cri

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	cri "k8s.io/cri-client/pkg"
	"k8s.io/klog/v2"
	"k8s.io/utils/exec"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// killMargin is what the runtime gets to end a command whose time is over, and to say so. What a command left behind may hold its output
// open for longer than that.
const killMargin = 2 * time.Second

// execUntil runs a command that the runtime ends at the deadline, where a stream would end alone and leave it running.
func execUntil(ctx context.Context, rt *services, container string, command []string, deadline time.Time, streams runtime.Streams) error {
	// The CRI counts whole seconds, and none of them is no limit.
	limit := time.Duration(math.Ceil(time.Until(deadline).Seconds())) * time.Second
	if limit <= 0 {
		return context.DeadlineExceeded
	}
	bounded, cancel := unhurried(ctx, limit+killMargin)
	defer cancel()
	// Whoever asked tells of a command that failed; its client would at every probe.
	stdout, stderr, err := rt.ExecSync(klog.NewContext(bounded, klog.Logger{}), container, command, limit)
	var exit exec.CodeExitError
	switch {
	case err == nil:
		return written(streams, stdout, stderr)
	case errors.As(err, &exit):
		_ = written(streams, stdout, stderr)
		return runtime.ExitError{Code: exit.Code}
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.Is(err, cri.ErrCommandTimedOut):
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return failed(err)
}

// unhurried is ctx with another limit than its own deadline: who waits no longer than the command may take never hears of its end.
func unhurried(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return out, func() {
		stop()
		cancel()
	}
}

// written hands on what a command printed.
func written(streams runtime.Streams, stdout, stderr []byte) error {
	for _, one := range []struct {
		to   io.Writer
		text []byte
	}{{streams.Stdout, stdout}, {streams.Stderr, stderr}} {
		if one.to == nil {
			continue
		}
		if _, err := one.to.Write(one.text); err != nil {
			return err
		}
	}
	return nil
}
