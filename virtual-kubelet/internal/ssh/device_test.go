package ssh

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const patience = 2 * time.Minute

// job is a pod with one container that runs a shell script.
type job struct {
	*testing.T
	*device
	lab  *lab
	ctx  context.Context
	spec runtime.PodSpec
}

func (l *lab) job(t *testing.T, d *device, script string) *job {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "job", UID: uuid.NewUUID()}}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Command: []string{"sh", "-c", script}}}
	j := &job{t, d, l, ctx, runtime.PodSpec{Pod: pod}}
	t.Cleanup(func() {
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := j.RemovePod(ctx, pod.UID); err != nil {
			t.Error(err)
		}
	})
	return j
}

func (j *job) run(attempt int, env ...runtime.EnvVar) {
	j.Helper()
	must(j.T, j.PreparePod(j.ctx, j.spec))
	must(j.T, j.StartContainer(j.ctx, j.spec, runtime.ContainerSpec{Container: &j.spec.Pod.Spec.Containers[0], Attempt: attempt, Env: env}))
}

func (j *job) id(attempt int) runtime.ContainerID {
	return runtime.ContainerID{Pod: j.spec.Pod.UID, Name: "main", Attempt: attempt}
}

func (j *job) state(attempt int) *runtime.ContainerState {
	j.Helper()
	pods, err := j.Observe(j.ctx)
	must(j.T, err)
	for _, pod := range pods {
		for _, container := range pod.Containers {
			if pod.UID == j.spec.Pod.UID && container.Attempt == attempt {
				return &container
			}
		}
	}
	return nil
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (j *job) ended(attempt int) runtime.ContainerState {
	j.Helper()
	var state *runtime.ContainerState
	until(j.T, "it has ended", func() bool { state = j.state(attempt); return state != nil && !state.Running })
	return *state
}

func (j *job) log(attempt int, options runtime.LogOptions) string {
	j.Helper()
	reader, err := j.Logs(j.ctx, j.id(attempt), options)
	must(j.T, err)
	defer reader.Close()
	text, err := io.ReadAll(reader)
	must(j.T, err)
	return string(text)
}

// directory is the attempt's on the device, which is this machine.
func (j *job) directory(attempt int) string {
	return filepath.Join(j.lab.config.Directory, "press-7/pods", string(j.spec.Pod.UID), "containers/main", strconv.Itoa(attempt))
}

// number reads a process number that a file begins with.
func (j *job) number(file string) int {
	j.Helper()
	text, err := os.ReadFile(file)
	must(j.T, err)
	first, _, _ := strings.Cut(string(text), " ")
	number, err := strconv.Atoi(first)
	must(j.T, err)
	return number
}

func runs(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

// A device that lost its power: nothing runs, and the kernel gives itself another boot id.
func TestRestartOfTheDevice(t *testing.T) {
	l := newLab(t, "busybox")
	d := l.agent(t)
	j, done := l.job(t, d, "sleep 1000"), l.job(t, d, "exit 3")
	j.run(0)
	done.run(0)
	done.ended(0)
	supervisor, process := j.number(j.directory(0)+"/owner"), j.number(j.directory(0)+"/pid")
	must(t, syscall.Kill(supervisor, syscall.SIGKILL))
	must(t, syscall.Kill(-process, syscall.SIGKILL))
	until(t, "both are gone", func() bool { return !runs(supervisor) && !runs(process) })
	l.boot(t)
	j.device = l.agent(t)
	// Another process with that number is not ours, whatever it is.
	state := j.state(0)
	if state == nil || state.Running || state.Reason != "DeviceRestarted" || state.ExitCode != 137 || state.FinishedAt.IsZero() {
		t.Fatalf("after a restart: %+v", state)
	}
	if again := j.state(0); *again != *state {
		t.Fatalf("another look tells something else: %+v, %+v", state, again)
	}
	done.device = j.device
	if state := done.state(0); state.ExitCode != 3 || state.Reason != "" {
		t.Fatalf("what had ended before: %+v", state)
	}
	j.run(1)
	if state := j.state(1); state == nil || !state.Running {
		t.Fatalf("the next attempt: %+v", state)
	}
}

// The numbers of processes come again: one that was started at another time is another one.
func TestReusedProcessNumber(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "sleep 1000")
	j.run(0)
	supervisor, process := j.number(j.directory(0)+"/owner"), j.number(j.directory(0)+"/pid")
	must(t, syscall.Kill(supervisor, syscall.SIGKILL))
	must(t, syscall.Kill(-process, syscall.SIGKILL))
	owner, err := os.ReadFile(j.directory(0) + "/owner")
	must(t, err)
	boot := strings.Fields(string(owner))[2]
	// This test's own process has both numbers now.
	for file, rest := range map[string]string{"owner": "", "pid": " 1700000000"} {
		text := strconv.Itoa(os.Getpid()) + " 1 " + boot + rest + "\n"
		must(t, os.WriteFile(j.directory(0)+"/"+file, []byte(text), 0o600))
	}
	if state := j.state(0); state.Running || state.Reason != "ContainerStatusUnknown" {
		t.Fatalf("another process has the number: %+v", state)
	}
	must(t, j.StopContainer(j.ctx, j.id(0), 0))
}

// A supervisor that was killed leaves its process running; that is known, it can be stopped, and only its exit code is lost.
func TestKilledSupervisor(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "echo begun; sleep 1000")
	j.run(0)
	supervisor := j.number(j.directory(0) + "/owner")
	must(t, syscall.Kill(supervisor, syscall.SIGKILL))
	until(t, "it is gone", func() bool { return !runs(supervisor) })
	if state := j.state(0); !state.Running {
		t.Fatalf("its process runs, but %+v", state)
	}
	must(t, j.StopContainer(j.ctx, j.id(0), time.Second))
	if state := j.state(0); state.Running || state.ExitCode != 137 || state.Reason != "ContainerStatusUnknown" {
		t.Fatalf("stopped: %+v", state)
	}
	if log := j.log(0, runtime.LogOptions{Tail: -1}); log != "begun\n" {
		t.Fatalf("log: %q", log)
	}
}

// A file that a power loss left empty says nothing, and hides nothing.
func TestHalfWrittenFiles(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "exit 3")
	j.run(0)
	j.ended(0)
	for _, file := range []string{"owner", "pid", "exit"} {
		must(t, os.Truncate(j.directory(0)+"/"+file, 0))
	}
	if state := j.state(0); state == nil || state.Running || state.Reason != "DeviceRestarted" {
		t.Fatalf("empty files: %+v", state)
	}
}

// An agent with other settings, or of another release, has another script: it goes on with what there is.
func TestAnotherAgentGoesOn(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), "echo begun; sleep 1000")
	j.run(0)
	until(t, "it runs", func() bool { state := j.state(0); return state != nil && state.Running })
	before := *j.state(0)
	l.config.Logs.MaxFiles = 2
	j.device = l.agent(t)
	if state := j.state(0); state == nil || *state != before {
		t.Fatalf("%+v, before %+v", state, before)
	}
	if log := j.log(0, runtime.LogOptions{Tail: -1}); log != "begun\n" {
		t.Errorf("its log: %q", log)
	}
	l.config.Logs.MaxFiles = 3
	j.device = l.agent(t)
	if err := j.Clean(j.ctx); err == nil || !strings.Contains(err.Error(), "there are pods") {
		t.Fatalf("a node with pods was cleaned: %v", err)
	}
	must(t, j.RemovePod(j.ctx, j.spec.Pod.UID))
	// What it still asks for would bring its script back.
	l.endAgents()
	until(t, "it has ended", func() bool { return len(l.processes()) == 0 })
	l.config.Logs.MaxFiles = 4
	j.device = l.agent(t)
	must(t, j.Clean(j.ctx))
	if _, err := os.Stat(l.config.Directory); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", l.config.Directory, err)
	}
}

func TestCleanLeavesNothing(t *testing.T) {
	l := newLab(t, "dash")
	d := l.agent(t)
	j := l.job(t, d, "sleep 1000 & sleep 1000")
	j.run(0)
	reader, err := j.Logs(j.ctx, j.id(0), runtime.LogOptions{Follow: true})
	must(t, err)
	if err := d.Clean(j.ctx); err == nil || !strings.Contains(err.Error(), "there are pods") {
		t.Fatalf("a node with pods was cleaned: %v", err)
	}
	must(t, d.RemovePod(j.ctx, j.spec.Pod.UID))
	if _, err := io.ReadAll(reader); err != nil {
		t.Errorf("the log's end: %v", err)
	}
	must(t, d.Clean(j.ctx))
	if _, err := os.Stat(l.config.Directory); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", l.config.Directory, err)
	}
	until(t, "no process is left", func() bool { return len(l.processes()) == 0 })
	// Nothing, where nothing is; and another node's is left alone.
	other := filepath.Join(l.config.Directory, "press-8")
	must(t, os.MkdirAll(other, 0o700))
	must(t, d.Clean(j.ctx))
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	// It begins anew.
	again := l.job(t, d, "exit 0")
	again.run(0)
	again.ended(0)
}
