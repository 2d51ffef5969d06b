package contract

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const longGrace = 20 * time.Minute

func stop(t *testing.T, p *place) {
	s := p.run(t, `trap 'echo asked; exit 5' TERM; echo ready; while :; do sleep 1; done`)
	s.waitForLog("ready\n")
	s.must(s.StopContainer(s.ctx, s.id(0), longGrace))
	state := s.state(0)
	if state == nil || state.Running || state.ExitCode != 5 {
		t.Fatalf("it was stopped, but %+v", state)
	}
	// Some shells tell the end of their child, too: the whole group was asked.
	if log := s.log(0, runtime.LogOptions{Tail: -1}); !strings.HasPrefix(log, "ready\n") || !strings.HasSuffix(log, "asked\n") {
		t.Fatalf("log: %q", log)
	}
}

func stopStubborn(t *testing.T, p *place) {
	s := p.run(t, `trap 'echo no' TERM; echo ready; while :; do sleep 1; done`)
	s.waitForLog("ready\n")
	s.must(s.StopContainer(s.ctx, s.id(0), time.Second))
	if state := s.state(0); state == nil || state.Running || state.ExitCode != 137 {
		t.Fatalf("it was killed, but %+v", state)
	}
}

// stopGroup: the shell ends at once, its child takes its time and gets it.
func stopGroup(t *testing.T, p *place) {
	s := p.run(t, `(trap 'echo child; sleep 1; echo child ends; exit' TERM; echo ready; while :; do sleep 1; done) & wait`)
	s.waitForLog("ready\n")
	s.must(s.StopContainer(s.ctx, s.id(0), longGrace))
	if log := s.log(0, runtime.LogOptions{Tail: -1}); !strings.Contains(log, "child\n") {
		t.Fatalf("the child was not asked to end: %q", log)
	}
}

func stopEnded(t *testing.T, p *place) {
	s := p.run(t, "exit 3")
	s.ended(0)
	s.must(s.StopContainer(s.ctx, s.id(0), longGrace))
	s.must(s.StopContainer(s.ctx, s.id(9), longGrace))
	s.equal("exit code", s.state(0).ExitCode, 3)
}

func stats(t *testing.T, p *place) {
	s := p.run(t, "while :; do :; done")
	until(t, "it has used some", func() bool {
		all, err := s.Stats(s.ctx)
		s.must(err)
		for _, one := range all {
			if one.ID == s.id(0) && one.CPUNanoseconds > 0 && one.MemoryBytes > 0 && !one.Time.IsZero() {
				return true
			}
		}
		return false
	})
}

// unreachable: nothing is known then, nothing changes, and afterwards everything is as it was.
func unreachable(t *testing.T, p *place) {
	if p.cut == nil {
		t.Skip("this place cannot be cut off in a test")
	}
	s := p.run(t, "echo before; until [ -e gone ]; do sleep 1; done")
	before := *s.state(0)
	p.cut()
	until(t, "it is known", func() bool {
		_, err := s.Observe(s.ctx)
		return isUnreachable(t, err)
	})
	for what, err := range map[string]error{
		"stop": s.StopContainer(s.ctx, s.id(0), 0), "remove": s.RemovePod(s.ctx, s.spec.Pod.UID),
		"start": s.StartContainer(s.ctx, s.spec, s.container(1)), "exec": s.Exec(s.ctx, s.id(0), []string{"true"}, runtime.Streams{}),
	} {
		// What a place never does it refuses without asking.
		never := what == "exec" && p.without["exec"] != "" && errors.Is(err, runtime.ErrNotPossible)
		if !never && !isUnreachable(t, err) {
			t.Errorf("%s said %v", what, err)
		}
	}
	p.heal()
	until(t, "it is back", func() bool { _, err := s.Observe(s.ctx); return err == nil })
	s.equal("what runs", *s.state(0), before)
}
