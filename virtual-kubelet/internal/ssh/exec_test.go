package ssh

import (
	"bufio"
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// A command that is given up does not stay on the device, nor one whose container ends.
func TestCommandsEnd(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "sleep 1000")
	j.run(0)
	begin := func(ctx context.Context) (int, chan error) {
		reader, writer := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			ended <- j.Exec(ctx, j.id(0), []string{"sh", "-c", "echo $$; sleep 1000"}, runtime.Streams{Stdout: writer})
			writer.Close()
		}()
		line, err := bufio.NewReader(reader).ReadString('\n')
		must(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		must(t, err)
		go io.Copy(io.Discard, reader)
		return pid, ended
	}
	ctx, cancel := context.WithCancel(j.ctx)
	pid, ended := begin(ctx)
	cancel()
	<-ended
	until(t, "it was ended", func() bool { return !runs(pid) })
	pid, ended = begin(j.ctx)
	must(t, j.StopContainer(j.ctx, j.id(0), 0))
	<-ended
	until(t, "it ended with its container", func() bool { return !runs(pid) })
}

func TestTerminalSize(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "sleep 1000")
	j.run(0)
	resize := make(chan runtime.TermSize, 1)
	resize <- runtime.TermSize{Width: 101, Height: 41}
	input, typed := io.Pipe()
	output, shown := io.Pipe()
	ended := make(chan error, 1)
	// busybox itself is called, since stty is none of the applets that a device needs.
	script := `stty() { ` + lookup(t, "busybox") + ` stty size; }; stty; read -r line; until [ "$(stty)" = "55 77" ]; do sleep 1; done; stty`
	go func() {
		ended <- j.Exec(j.ctx, j.id(0), []string{"sh", "-c", script}, runtime.Streams{Stdin: input, Stdout: shown, TTY: true, Resize: resize})
		shown.Close()
	}()
	lines := bufio.NewReader(output)
	first, err := lines.ReadString('\n')
	must(t, err)
	if first != "41 101\r\n" {
		t.Fatalf("size: %q", first)
	}
	resize <- runtime.TermSize{Width: 77, Height: 55}
	_, err = io.WriteString(typed, "go\n")
	must(t, err)
	rest, err := io.ReadAll(lines)
	must(t, err)
	if err := <-ended; err != nil || !strings.Contains(string(rest), "55 77\r\n") {
		t.Fatalf("%q, %v", rest, err)
	}
}

// A command of no words is none, and not the container's own once more.
func TestExecWithoutCommand(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "echo run; sleep 1000")
	j.run(0)
	before, err := os.ReadFile(j.directory(0) + "/pid")
	must(t, err)
	if err := j.Exec(j.ctx, j.id(0), nil, runtime.Streams{}); err == nil || !strings.Contains(err.Error(), "a command is needed") {
		t.Errorf("%v", err)
	}
	if _, err := j.call(j.ctx, nil, "beside", j.directory(0), "token"); err == nil || !strings.Contains(err.Error(), "a command is needed") {
		t.Errorf("on the device: %v", err)
	}
	if after, err := os.ReadFile(j.directory(0) + "/pid"); err != nil || string(after) != string(before) {
		t.Errorf("%q, before %q, %v", after, before, err)
	}
	if log := j.log(0, runtime.LogOptions{Tail: -1}); log != "run\n" {
		t.Errorf("log: %q", log)
	}
}

func TestTerminationMessage(t *testing.T) {
	l := newLab(t, "dash")
	j := l.job(t, l.agent(t), `echo 'why \n it ended' >"$CONTAINER_ROOT/dev/termination-log"; echo 'second line' >>dev/termination-log; exit 1`)
	j.run(0)
	if state := j.ended(0); state.Message != "why \\n it ended\nsecond line" {
		t.Errorf("message: %q", state.Message)
	}
}

// Only the attempt before is kept, for `kubectl logs --previous`.
func TestOldAttemptsGo(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "exit 1")
	for attempt := range 4 {
		j.run(attempt)
		j.ended(attempt)
	}
	if j.state(1) != nil || j.state(2) == nil || j.state(3) == nil {
		t.Fatal("attempts 2 and 3 are wanted, and no other")
	}
}

func TestWorkingDirectory(t *testing.T) {
	l := newLab(t, "dash")
	d := l.agent(t)
	for directory, want := range map[string]string{"": "/root", "/data/deep": "/volumes/scratch/deep", "relative": "/root/relative", "/proc": "/proc"} {
		j := l.job(t, d, "pwd -P")
		j.spec.Pod.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		container := &j.spec.Pod.Spec.Containers[0]
		container.WorkingDir, container.VolumeMounts = directory, []corev1.VolumeMount{{Name: "scratch", MountPath: "/data"}}
		j.run(0)
		j.ended(0)
		if log := j.log(0, runtime.LogOptions{Tail: -1}); !strings.HasSuffix(log, want+"\n") {
			t.Errorf("workingDir %q is %q, not %q", directory, log, want)
		}
	}
	j := l.job(t, d, "exit 0")
	j.spec.Pod.Spec.Containers[0].WorkingDir = "/no/such"
	j.run(0)
	if state := j.ended(0); state.Reason != "ContainerCannotRun" || !strings.Contains(state.Message, "/no/such") {
		t.Errorf("a working directory that is not there: %+v", state)
	}
}
