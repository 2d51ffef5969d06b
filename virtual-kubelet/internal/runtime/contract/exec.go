package contract

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func exec(t *testing.T, p *place) {
	s := p.pod(t, "sleep 1000")
	s.prepare()
	s.start(0, runtime.EnvVar{Name: "GREETING", Value: "it's me"})
	var output, errs bytes.Buffer
	streams := runtime.Streams{Stdin: strings.NewReader("typed\n"), Stdout: &output, Stderr: &errs}
	err := s.Exec(s.ctx, s.id(0), []string{"sh", "-c", `read -r line; echo "$GREETING $line $1"; echo wrong >&2; exit 9`, "name", "a 'quoted' $word"}, streams)
	var exit runtime.ExitError
	if !errors.As(err, &exit) || exit.Code != 9 {
		t.Fatalf("exit 9 is told as %v", err)
	}
	s.equal("output", output.String(), "it's me typed a 'quoted' $word\n")
	s.equal("errors", errs.String(), "wrong\n")
	s.must(s.Exec(s.ctx, s.id(0), []string{"true"}, runtime.Streams{}))
}

func execRefused(t *testing.T, p *place) {
	s := p.run(t, "exit 0")
	s.ended(0)
	err := s.Exec(s.ctx, s.id(0), []string{"true"}, runtime.Streams{})
	if !errors.Is(err, runtime.ErrNotFound) {
		t.Fatalf("exec beside a container that has ended: %v", err)
	}
}

func execCancelled(t *testing.T, p *place) {
	s := p.run(t, `sleep 1000`)
	// Without a deadline, which would be the command's own.
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	output := &started{begun: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- s.Exec(ctx, s.id(0), []string{"sh", "-c", "echo begun; sleep 1000"}, runtime.Streams{Stdout: output})
	}()
	<-output.begun
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("a command that was given up: %v", err)
	}
}

// started tells of the first byte.
type started struct {
	begun chan struct{}
	told  bool
}

func (s *started) Write(p []byte) (int, error) {
	if !s.told {
		s.told = true
		close(s.begun)
	}
	return len(p), nil
}

func terminal(t *testing.T, p *place) {
	s := p.run(t, "sleep 1000")
	var output bytes.Buffer
	streams := runtime.Streams{Stdin: strings.NewReader("typed\n"), Stdout: &output, TTY: true}
	err := s.Exec(s.ctx, s.id(0), []string{"sh", "-c", `[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && read -r line && echo "got $line" && exit 6`}, streams)
	var exit runtime.ExitError
	if !errors.As(err, &exit) || exit.Code != 6 {
		t.Fatalf("exit 6 is told as %v, with %q", err, output.String())
	}
	if !strings.Contains(output.String(), "got typed\r\n") {
		t.Fatalf("output: %q", output.String())
	}
}
