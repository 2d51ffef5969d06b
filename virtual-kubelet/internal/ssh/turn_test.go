package ssh

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// gate holds a call on the device until its file is there, or the test has ended. The name with an "x" appears when one has come to it.
type gate string

func newGate(t *testing.T) gate { return gate(filepath.Join(t.TempDir(), "gate")) }

func (g gate) wait() string {
	return "echo >" + quote(string(g)+"x") + "; while [ -e " + quote(string(g)+"x") + " ] && [ ! -e " + quote(string(g)) + " ]; do sleep 0.1; done"
}

func (g gate) reached() bool { _, err := os.Stat(string(g) + "x"); return err == nil }

func (g gate) open(t *testing.T) { must(t, os.WriteFile(string(g), nil, 0o600)) }

// files is a payload for a volume of two files, with a gate between them.
func (j *job) files(between gate) *payload {
	p := &payload{}
	p.say("pod", string(j.spec.Pod.UID), "default", "job")
	p.raw("if volume config v1; then")
	for _, name := range []string{"a", "b"} {
		offset, length := p.add([]byte(name))
		p.say("file", ".", name, "600", offset, length)
		if name == "a" && between != "" {
			p.raw(between.wait())
		}
	}
	p.raw("shown; fi")
	return p
}

// start is a payload for the first attempt, its text changed.
func (j *job) start(change func(string) string) *payload {
	j.Helper()
	p, err := startPayload(j.spec.Pod, runtime.ContainerSpec{Container: &j.spec.Pod.Spec.Containers[0]}, j.directory(0)+"/root")
	must(j.T, err)
	if change != nil {
		text := p.text.String()
		p.text.Reset()
		p.text.WriteString(change(text))
	}
	return p
}

// begun applies it as a call that goes on.
func (j *job) begun(p *payload) chan error {
	ended := make(chan error, 1)
	go func() { ended <- j.apply(j.ctx, p) }()
	return ended
}

// held is a call that is at the gate.
func (j *job) held(p *payload, at gate) chan error {
	j.Helper()
	ended := j.begun(p)
	until(j.T, "it is at the gate", func() bool {
		select {
		case err := <-ended:
			j.Fatal(err)
		default:
		}
		return at.reached()
	})
	return ended
}

// goesOn looks for a while whether a call ends too early.
func goesOn(t *testing.T, otherwise string, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		t.Fatalf("%s: %v", otherwise, err)
	case <-time.After(time.Second):
	}
}

func (j *job) podDirectory() string { return filepath.Dir(filepath.Dir(filepath.Dir(j.directory(0)))) }

// A call whose connection was cut runs on beside its retry: neither shows half of a volume.
func TestVolumesBesideACutOffCall(t *testing.T) {
	for _, shell := range []string{"busybox", "dash"} {
		t.Run(shell, func(t *testing.T) {
			l := newLab(t, shell)
			j, between := l.job(t, l.agent(t), ""), newGate(t)
			first := j.held(j.files(between), between)
			second := j.begun(j.files(""))
			goesOn(t, "it did not wait", second)
			between.open(t)
			must(t, <-first)
			must(t, <-second)
			for _, name := range []string{"a", "b"} {
				text, err := os.ReadFile(filepath.Join(j.podDirectory(), "volumes/config", name))
				if err != nil || string(text) != name {
					t.Errorf("%q, %v", text, err)
				}
			}
		})
	}
}

// Nor does the retry take away the directory that a supervisor is about to begin in.
func TestAttemptsBesideACutOffCall(t *testing.T) {
	l := newLab(t, "dash")
	j, before, beside := l.job(t, l.agent(t), "echo run; sleep 1000"), newGate(t), newGate(t)
	must(t, j.PreparePod(j.ctx, j.spec))
	l.fake(t, "setsid", `case $3 in supervise) `+before.wait()+` ;; esac`)
	first := j.held(j.start(nil), before)
	second := j.begun(j.start(func(text string) string { return strings.Replace(text, "; then\n", "; then\n"+beside.wait()+"\n", 1) }))
	for end := time.Now().Add(time.Second); time.Now().Before(end) && !beside.reached(); {
		time.Sleep(10 * time.Millisecond)
	}
	before.open(t)
	must(t, <-first)
	beside.open(t)
	must(t, <-second)
	until(t, "it has written", func() bool { return j.log(0, runtime.LogOptions{Tail: -1}) == "run\n" })
	if state := j.state(0); state == nil || !state.Running {
		t.Errorf("%+v", state)
	}
}

// A call that was killed, and a number that stands for another process by now, hold nobody.
func TestTurnsOfTheDead(t *testing.T) {
	l := newLab(t, "busybox")
	j, between := l.job(t, l.agent(t), ""), newGate(t)
	first := j.held(j.files(between), between)
	link := filepath.Join(j.podDirectory(), "turn.1")
	text, err := os.ReadFile(link)
	must(t, err)
	must(t, syscall.Kill(j.number(link), syscall.SIGKILL))
	if err := <-first; err == nil {
		t.Fatal("it was not killed")
	}
	must(t, <-j.begun(j.files("")))
	other := strconv.Itoa(os.Getpid()) + " 1 " + strings.Fields(string(text))[2] + "\n"
	must(t, os.WriteFile(filepath.Join(j.podDirectory(), "turn.9"), []byte(other), 0o600))
	must(t, j.PreparePod(j.ctx, j.spec))
	left, err := filepath.Glob(filepath.Join(j.podDirectory(), "*turn.*"))
	must(t, err)
	if len(left) != 1 || filepath.Base(left[0]) != "turn.10" {
		t.Errorf("%v", left)
	}
}

// A call that does not end is named, and a pod is not removed under it.
func TestTurnThatDoesNotEnd(t *testing.T) {
	l := newLab(t, "dash")
	j, between := l.job(t, l.agent(t), ""), newGate(t)
	first := j.held(j.files(between), between)
	if err := j.PreparePod(j.ctx, j.spec); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Errorf("a call beside it: %v", err)
	}
	removed := make(chan error, 1)
	go func() { removed <- j.RemovePod(j.ctx, j.spec.Pod.UID) }()
	goesOn(t, "it was removed", removed)
	between.open(t)
	must(t, <-first)
	must(t, <-removed)
	if _, err := os.Stat(j.podDirectory()); !os.IsNotExist(err) {
		t.Errorf("its directory: %v", err)
	}
}
