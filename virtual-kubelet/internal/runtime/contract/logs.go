package contract

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func isUnreachable(t *testing.T, err error) bool {
	t.Helper()
	return errors.Is(err, runtime.ErrUnreachable)
}

func (s *subject) log(attempt int, options runtime.LogOptions) string {
	s.Helper()
	reader, err := s.Logs(s.ctx, s.id(attempt), options)
	s.must(err)
	defer reader.Close()
	text, err := io.ReadAll(reader)
	s.must(err)
	return string(text)
}

func (s *subject) waitForLog(want string) {
	s.Helper()
	until(s.T, "the log has "+want, func() bool { return strings.Contains(s.log(0, runtime.LogOptions{Tail: -1}), want) })
}

func logs(t *testing.T, p *place) {
	s := p.run(t, `echo out; echo err >&2; printf '\\t back\\slash  two spaces \n'; printf 'no end'`)
	s.ended(0)
	log := s.log(0, runtime.LogOptions{Tail: -1})
	for _, line := range []string{"out\n", "err\n", "\\t back\\slash  two spaces \n", "no end"} {
		if !strings.Contains(log, line) {
			t.Errorf("%q is not in %q", line, log)
		}
	}
	if _, err := s.Logs(s.ctx, s.id(8), runtime.LogOptions{Tail: -1}); !errors.Is(err, runtime.ErrNotFound) {
		t.Errorf("an attempt that never was: %v", err)
	}
}

func logOptions(t *testing.T, p *place) {
	s := p.run(t, `for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done`)
	s.ended(0)
	s.equal("tail", s.log(0, runtime.LogOptions{Tail: 2}), "line 8\nline 9\n")
	s.equal("tail of nothing", s.log(0, runtime.LogOptions{Tail: 0}), "")
	s.equal("more than all", strings.Count(s.log(0, runtime.LogOptions{Tail: 100}), "\n"), 9)
	s.equal("bytes", s.log(0, runtime.LogOptions{Tail: -1, LimitBytes: 10}), "line 1\nlin")
	started := s.state(0).StartedAt
	s.equal("since its start", strings.Count(s.log(0, runtime.LogOptions{Tail: -1, Since: started}), "\n"), 9)
	s.equal("since later", s.log(0, runtime.LogOptions{Tail: -1, Since: started.Add(time.Hour)}), "")
	stamp, text, _ := strings.Cut(s.log(0, runtime.LogOptions{Tail: 1, Timestamps: true}), " ")
	s.equal("text", text, "line 9\n")
	when, err := time.Parse(time.RFC3339Nano, stamp)
	s.must(err)
	if when.Truncate(time.Second).Before(started.Truncate(time.Second)) {
		t.Fatalf("stamped %s, started %s", when, started)
	}
}

func previousLogs(t *testing.T, p *place) {
	s := p.run(t, "echo attempt $N; exit 1")
	s.ended(0)
	s.start(1, runtime.EnvVar{Name: "N", Value: "one"})
	s.ended(1)
	s.equal("previous", s.log(0, runtime.LogOptions{Tail: -1}), "attempt\n")
	s.equal("last", s.log(1, runtime.LogOptions{Tail: -1}), "attempt one\n")
	attempts := s.pod().Containers
	if len(attempts) != 2 || attempts[0].Attempt != 0 || attempts[1].Attempt != 1 {
		t.Fatalf("attempts: %+v", attempts)
	}
}

func follow(t *testing.T, p *place) {
	s := p.run(t, `echo one; until [ -e /nowhere ] || [ "$(cat data/go 2>/dev/null)" = now ]; do sleep 1; echo more; [ $((n += 1)) -lt 3 ] || break; done; echo last; exit 2`)
	reader, err := s.Logs(s.ctx, s.id(0), runtime.LogOptions{Tail: -1, Follow: true})
	s.must(err)
	defer reader.Close()
	text, err := io.ReadAll(reader)
	s.must(err)
	s.equal("log", string(text), "one\nmore\nmore\nmore\nlast\n")
	s.equal("exit code", s.ended(0).ExitCode, 2)
}

func followUntilTold(t *testing.T, p *place) {
	s := p.run(t, "echo old; echo new; sleep 1000")
	s.waitForLog("new\n")
	ctx, cancel := context.WithCancel(s.ctx)
	reader, err := s.Logs(ctx, s.id(0), runtime.LogOptions{Tail: 1, Follow: true})
	s.must(err)
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	s.must(err)
	s.equal("first line", line, "new\n")
	cancel()
	if _, err := lines.ReadString('\n'); err == nil {
		t.Fatal("it goes on")
	}
	s.must(reader.Close())
}
