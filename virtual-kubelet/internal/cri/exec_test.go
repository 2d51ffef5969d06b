package cri

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

var execID = runtime.ContainerID{Pod: "uid", Name: "main"}

type execSync = func(context.Context, *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error)

func execAt(t *testing.T, answer execSync) *machine {
	f := &fake{containers: []*runtimeapi.Container{runningContainer(execID)}, execSync: answer}
	m, _ := f.connected(t)
	return m
}

// hangs is a runtime's answer to a command that does not end by itself.
func hangs(ctx context.Context, request *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
	if request.GetTimeout() == 0 {
		return nil, status.Error(codes.InvalidArgument, "this would never end")
	}
	select {
	case <-time.After(time.Duration(request.GetTimeout()) * time.Second):
		return nil, status.Error(codes.DeadlineExceeded, "the command was ended")
	case <-ctx.Done():
		return nil, status.Error(codes.Aborted, "nobody waited for the end")
	}
}

func TestTheRuntimeEndsACommandAtItsDeadline(t *testing.T) {
	t.Parallel()
	said := make(chan error, 1)
	m := execAt(t, func(ctx context.Context, request *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
		answer, err := hangs(ctx, request)
		said <- err
		return answer, err
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := m.Exec(ctx, execID, []string{"sleep", "1000"}, runtime.Streams{Stdout: io.Discard, Stderr: io.Discard})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, runtime.ErrUnreachable) {
		t.Errorf("a command that took too long: %v", err)
	}
	select {
	case told := <-said:
		if status.Code(told) != codes.DeadlineExceeded {
			t.Errorf("the runtime was not let end it: %v", told)
		}
	case <-time.After(10 * time.Second):
		t.Error("the runtime was not told when to end it")
	}
}

func TestACommandThatTheRuntimeCannotEndIsWaitedForNoLonger(t *testing.T) {
	t.Parallel()
	m := execAt(t, func(ctx context.Context, _ *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begun := time.Now()
	err := m.Exec(ctx, execID, []string{"stuck"}, runtime.Streams{})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, runtime.ErrUnreachable) || time.Since(begun) > time.Minute {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

func TestACommandThatIsGivenUpIsWaitedForNoLonger(t *testing.T) {
	begun := make(chan struct{})
	m := execAt(t, func(ctx context.Context, request *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
		close(begun)
		return hangs(ctx, request)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	go func() {
		<-begun
		cancel()
	}()
	if err := m.Exec(ctx, execID, []string{"sleep", "1000"}, runtime.Streams{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWhatACommandWithADeadlineTells(t *testing.T) {
	m := execAt(t, func(_ context.Context, request *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
		code, err := strconv.Atoi(request.GetCmd()[1])
		return &runtimeapi.ExecSyncResponse{Stdout: []byte("output"), Stderr: []byte("wrong"), ExitCode: int32(code)}, err
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for _, code := range []int{0, 9} {
		var output, errs bytes.Buffer
		err := m.Exec(ctx, execID, []string{"exit", strconv.Itoa(code)}, runtime.Streams{Stdout: &output, Stderr: &errs})
		var exit runtime.ExitError
		if errors.As(err, &exit); exit.Code != code || (err == nil) != (code == 0) {
			t.Errorf("exit %d is told as %v", code, err)
		}
		if output.String() != "output" || errs.String() != "wrong" {
			t.Errorf("output %q, errors %q", output.String(), errs.String())
		}
	}
	m = execAt(t, func(context.Context, *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
		return nil, status.Error(codes.Unavailable, "it went away")
	})
	if err := m.Exec(ctx, execID, []string{"true"}, runtime.Streams{}); !errors.Is(err, runtime.ErrUnreachable) {
		t.Errorf("a runtime that went away: %v", err)
	}
}

// Who looks at a command while it runs has set no deadline, or has more than its output.
func TestOtherCommandsAreStreamed(t *testing.T) {
	m := execAt(t, hangs)
	bounded, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for what, one := range map[string]struct {
		ctx     context.Context
		streams runtime.Streams
	}{
		"no deadline": {t.Context(), runtime.Streams{Stdout: io.Discard}},
		"input":       {bounded, runtime.Streams{Stdin: strings.NewReader("")}},
		"a terminal":  {bounded, runtime.Streams{TTY: true}},
	} {
		if err := m.Exec(one.ctx, execID, []string{"true"}, one.streams); status.Code(err) != codes.Aborted {
			t.Errorf("%s: %v", what, err)
		}
	}
}
