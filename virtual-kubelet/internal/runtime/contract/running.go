package contract

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func start(t *testing.T, p *place) {
	s := p.run(t, "sleep 1000")
	until(t, "it runs", func() bool { state := s.state(0); return state != nil && state.Running })
	pod := s.pod()
	s.equal("namespace", pod.Namespace, "default")
	s.equal("name", pod.Name, "contract")
	if state := s.state(0); state.StartedAt.IsZero() || !state.FinishedAt.IsZero() || state.Init {
		t.Fatalf("it runs, but %+v", state)
	}
}

func environment(t *testing.T, p *place) {
	s := p.pod(t, `printf '%s|' "$GREETING" "$QUOTES" "$1" "$2" "$3"`)
	container := &s.spec.Pod.Spec.Containers[0]
	// Package lifecycle has replaced what it could: a second time would make a reference of "$$(GREETING)".
	container.Args = []string{"name", "$(GREETING)", "$$(GREETING)", "$(UNKNOWN)"}
	s.prepare()
	quotes := "it's \"quoted\"; $HOME `id`\n\\n two lines"
	s.start(0, runtime.EnvVar{Name: "GREETING", Value: "good  day"}, runtime.EnvVar{Name: "QUOTES", Value: quotes})
	s.ended(0)
	// A place may end a last line that has no end.
	log := strings.TrimSuffix(s.log(0, runtime.LogOptions{Tail: -1}), "\n")
	s.equal("log", log, "good  day|"+quotes+"|$(GREETING)|$$(GREETING)|$(UNKNOWN)|")
}

func startAgain(t *testing.T, p *place) {
	s := p.run(t, "echo once; exit 4")
	s.start(0)
	first := s.ended(0)
	s.start(0)
	p.again(s).start(0)
	s.equal("state", *s.state(0), first)
	s.equal("log", s.log(0, runtime.LogOptions{Tail: -1}), "once\n")
}

// again is the same pod as another agent handles it.
func (p *place) again(s *subject) *subject {
	return &subject{p.open(s.T), s.T, s.ctx, s.spec}
}

func exitCodes(t *testing.T, p *place) {
	for _, code := range []int{0, 1, 42, 255} {
		state := p.run(t, fmt.Sprintf("exit %d", code)).ended(0)
		if state.ExitCode != code || state.Signal != 0 {
			t.Errorf("exit %d is told as %+v", code, state)
		}
		if state.StartedAt.IsZero() || state.FinishedAt.Before(state.StartedAt) {
			t.Errorf("times: %+v", state)
		}
	}
}

func signals(t *testing.T, p *place) {
	state := p.run(t, "kill -KILL $$").ended(0)
	if state.ExitCode != 137 {
		t.Fatalf("killed, but %+v", state)
	}
}

func cannotRun(t *testing.T, p *place) {
	s := p.pod(t, "")
	s.spec.Pod.Spec.Containers[0].Command = []string{"/no/such/program"}
	s.prepare()
	// A place may tell it at once, or as the container's end.
	if err := s.StartContainer(s.ctx, s.spec, s.container(0)); err != nil {
		if !strings.Contains(err.Error(), "/no/such/program") {
			t.Fatalf("the error does not name the program: %v", err)
		}
		return
	}
	var state *runtime.ContainerState
	until(t, "it is told", func() bool { state = s.state(0); return state != nil && !state.Running })
	if state.ExitCode == 0 || state.Reason == "" || !strings.Contains(state.Message, "/no/such/program") {
		t.Fatalf("it cannot run, but %+v", state)
	}
}

func volumes(t *testing.T, p *place) {
	s := p.pod(t, `cd "${CONTAINER_ROOT:-/}" && cat etc/app/a etc/app/deep/b && cat one && echo kept >data/file && until [ "$(cat etc/app/a)" = new ]; do sleep 1; done; cat etc/app/a data/file; ls etc/app`)
	spec := &s.spec.Pod.Spec
	spec.Volumes = []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
		{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	spec.Containers[0].VolumeMounts = []corev1.VolumeMount{
		{Name: "config", MountPath: "/etc/app"}, {Name: "config", MountPath: "/one", SubPath: "deep/b"}, {Name: "scratch", MountPath: "/data"},
	}
	files := func(a string) map[string]runtime.Volume {
		return map[string]runtime.Volume{"scratch": {}, "config": {ReadOnly: true, Files: map[string]runtime.File{
			"a": {Content: []byte(a), Mode: 0o644}, "deep/b": {Content: []byte("b\x00\xff\n"), Mode: 0o600}, "empty": {Mode: 0o644},
		}}}
	}
	s.spec.Volumes = files("old")
	s.prepare()
	s.prepare()
	s.start(0)
	until(t, "the old files were read", func() bool { return strings.Count(s.log(0, runtime.LogOptions{Tail: -1}), "\n") >= 2 })
	s.spec.Volumes = files("new")
	s.prepare()
	s.ended(0)
	if log := s.log(0, runtime.LogOptions{Tail: -1}); !strings.Contains(log, "newkept\n") || !strings.Contains(log, "a\ndeep\nempty\n") {
		t.Fatalf("log: %q", log)
	}
}

func anotherAgent(t *testing.T, p *place) {
	s := p.run(t, "echo first; until [ -e /nowhere ]; do sleep 1; done")
	ended := p.run(t, "exit 7")
	ended.ended(0)
	before := *s.state(0)
	other := p.again(s)
	s.equal("what runs", *other.state(0), before)
	s.equal("what ended", p.again(ended).state(0).ExitCode, 7)
	s.must(other.StopContainer(s.ctx, s.id(0), 0))
	if state := other.state(0); state.Running {
		t.Fatalf("it was stopped, but %+v", state)
	}
}

func changes(t *testing.T, p *place) {
	s := p.run(t, "sleep 1000")
	if s.Changes() == nil {
		t.Skip("this place is only asked again and again")
	}
	s.must(s.StopContainer(s.ctx, s.id(0), 0))
	select {
	case <-s.Changes():
	case <-time.After(patience):
		t.Fatal("an end was not told")
	}
}

func remove(t *testing.T, p *place) {
	s := p.run(t, "trap '' TERM; while :; do sleep 1; done")
	s.must(s.RemovePod(s.ctx, s.spec.Pod.UID))
	s.equal("pod", s.pod(), runtime.PodState{})
	s.must(s.RemovePod(s.ctx, s.spec.Pod.UID))
	if _, err := s.Logs(s.ctx, s.id(0), runtime.LogOptions{Tail: -1}); err == nil {
		t.Fatal("a removed pod still has logs")
	}
}

func manyPods(t *testing.T, p *place) {
	rt, subjects := p.open(t), make([]*subject, p.many)
	var group sync.WaitGroup
	for i := range subjects {
		subjects[i] = p.podOn(t, rt, fmt.Sprintf("echo %d; sleep 1000", i))
	}
	each := func(do func(i int, s *subject) error) {
		for i, s := range subjects {
			group.Go(func() {
				if err := do(i, s); err != nil {
					t.Errorf("pod %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	each(func(_ int, s *subject) error { return s.PreparePod(s.ctx, s.spec) })
	each(func(_ int, s *subject) error { return s.StartContainer(s.ctx, s.spec, s.container(0)) })
	until(t, "all of them run", func() bool {
		states, err := subjects[0].Observe(subjects[0].ctx)
		running := 0
		for _, pod := range states {
			for _, container := range pod.Containers {
				if container.Running {
					running++
				}
			}
		}
		return err == nil && running == len(subjects)
	})
	// One that runs may not have come to its first word yet.
	for i, s := range subjects {
		s.waitForLog(fmt.Sprintf("%d\n", i))
	}
	each(func(i int, s *subject) error {
		ctx, cancel := context.WithTimeout(s.ctx, patience)
		defer cancel()
		return s.StopContainer(ctx, s.id(0), 0)
	})
	each(func(i int, s *subject) error {
		if log := s.log(0, runtime.LogOptions{Tail: -1}); log != fmt.Sprintf("%d\n", i) {
			return fmt.Errorf("log: %q", log)
		}
		return nil
	})
}
