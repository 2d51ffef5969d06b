package serial

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	reference "pulumi-kubeadm/virtual-kubelet/internal/serial/device"
)

// TestMain lets the test's own program be the program serial-device.
func TestMain(m *testing.M) {
	if os.Getenv("SERIAL_DEVICE") != "" {
		if err := reference.Main(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program starts serial-device on a pseudo-terminal of its own.
func program(t *testing.T, directory, link string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], "--directory", directory, "--pty", link)
	command.Env = append(os.Environ(), "SERIAL_DEVICE=1")
	command.Stderr = os.Stderr
	before, _ := os.Readlink(link)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	b := &bench{T: t}
	b.until("the line is there", func() bool { now, err := os.Readlink(link); return err == nil && now != before || exited(command) })
	return command
}

func exited(command *exec.Cmd) bool { return command.Process.Signal(syscall.Signal(0)) != nil }

// The program itself loses its power (SIGKILL) and is started again: what ran has ended, and the agent finds the new line.
func TestProgramRestarts(t *testing.T) {
	directory, link := t.TempDir(), filepath.Join(t.TempDir(), "line")
	command := program(t, directory, link)
	b := &bench{T: t, line: link}
	d, _ := b.agent("")
	pod := podOf("u", "echo $PPID; sleep 1000 & wait")
	b.until("it answers", func() bool { _, err := d.Observe(t.Context()); return err == nil })
	b.run(d, pod)
	b.until("it runs", func() bool { state := b.state(d, pod); return state != nil && state.Running })
	started := b.state(d, pod).StartedAt
	// Another pair of the same number would be the same line.
	keep, err := os.OpenFile(link, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	program(t, directory, link)
	state := b.ended(d, pod)
	if state.ExitCode != 137 || state.Reason != "DeviceRestarted" || !state.StartedAt.Equal(started) {
		t.Errorf("%+v", state)
	}
	if err := d.RemovePod(t.Context(), "u"); err != nil {
		t.Error(err)
	}
	if states, err := d.Observe(t.Context()); err != nil || len(states) != 0 {
		t.Errorf("%v, %v", states, err)
	}
}

// The device is started anew while the agent holds the line: its limits are asked again, and what it forgot is not there.
func TestDeviceRestarts(t *testing.T) {
	b := newBench(t, reference.Options{Pods: 3})
	d, _ := b.agent("")
	pod := podOf("u", "echo kept; sleep 1000")
	b.run(d, pod)
	b.until("it has written", func() bool { return b.log(d, pod, runtime.LogOptions{Tail: -1}) == "kept\n" })
	b.powerOff()
	b.options.Pods = 5
	b.powerOn()
	if state := b.ended(d, pod); state.ExitCode == 0 {
		t.Errorf("%+v", state)
	}
	b.until("the new limits are known", func() bool {
		_, err := d.Observe(t.Context())
		return err == nil && d.limits.Load().pods == 5
	})
	if log := b.log(d, pod, runtime.LogOptions{Tail: -1}); log != "" {
		t.Errorf("the log did not go with the device's memory: %q", log)
	}
	b.run(d, podOf("v", "true"))
	if state := b.ended(d, podOf("v", "")); state.ExitCode != 0 {
		t.Errorf("%+v", state)
	}
}

// A device that begins again in the middle of a file gets it from the beginning.
func TestDeviceRestartsDuringUpload(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, _ := b.agent("maxLine: 512\n")
	pod := podOf("u", `cksum <config/file`)
	content := []byte(strings.Repeat("0123456789", 2000))
	pod.Pod.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}}}
	pod.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/config"}}
	pod.Volumes = map[string]runtime.Volume{"config": {Files: map[string]runtime.File{"file": {Content: content}}}}
	b.set(2000, nil)
	prepared := make(chan error, 1)
	go func() { prepared <- d.PreparePod(t.Context(), pod) }()
	b.until("a part was sent", func() bool {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		return b.sent[true] > 5000
	})
	b.powerOff()
	b.powerOn()
	b.set(0, nil)
	err := <-prepared
	for ; err != nil; err = d.PreparePod(t.Context(), pod) {
		t.Logf("tried again, as package lifecycle does: %v", err)
	}
	b.run(d, pod)
	if state := b.ended(d, pod); state.ExitCode != 0 {
		t.Errorf("%+v", state)
	}
	if log, want := b.log(d, pod, runtime.LogOptions{Tail: -1}), fmt.Sprintf("%d %d\n", cksum(content), len(content)); log != want {
		t.Errorf("%q, wanted %q", log, want)
	}
}

// A new agent finds what runs, and one line has one agent.
func TestAgentRestarts(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, end := b.agent("")
	pod := podOf("u", "sleep 1000")
	b.run(d, pod)
	before := b.state(d, pod)
	second, endSecond := b.agent("")
	if _, err := second.Observe(t.Context()); !errors.Is(err, runtime.ErrUnreachable) || !strings.Contains(err.Error(), "used by another program") {
		t.Errorf("a second agent on the line: %v", err)
	}
	endSecond()
	end()
	third, _ := b.agent("")
	after := b.state(third, pod)
	if before == nil || after == nil || *after != *before {
		t.Errorf("%+v, before %+v", after, before)
	}
	if err := third.StopContainer(t.Context(), idOf(pod), time.Hour); err != nil {
		t.Error(err)
	}
	if state := b.state(third, pod); state == nil || state.Running || state.ExitCode != 143 || state.Signal != 15 {
		t.Errorf("%+v", state)
	}
}

// A flood of log holds nobody, and what was dropped is told.
func TestFloodOfLog(t *testing.T) {
	b := newBench(t, reference.Options{Log: 8192})
	d, _ := b.agent("")
	pod := podOf("u", `yes "a line of the flood" | head -n 100000; echo end`)
	b.run(d, pod)
	reader, err := d.Logs(t.Context(), idOf(pod), runtime.LogOptions{Tail: -1, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if state := b.ended(d, pod); state.ExitCode != 0 {
		t.Errorf("%+v", state)
	}
	dropped := 0
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "[the device dropped "):
			dropped++
		case line != "a line of the flood\n" && line != "end\n":
			t.Fatalf("%q", line)
		}
	}
	if dropped == 0 || !strings.HasSuffix(string(text), "\nend\n") {
		t.Errorf("%d times dropped; the end is %q", dropped, text[max(0, len(text)-50):])
	}
	// What is left, and what was asked for alone, has no such line.
	if log := b.log(d, pod, runtime.LogOptions{Tail: 2}); log != "a line of the flood\nend\n" {
		t.Errorf("%q", log)
	}
}

func TestLongLinesAndTimestamps(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, _ := b.agent("maxLine: 512\n")
	pod := podOf("u", `printf '%03000d\n' 7; printf '\001\377\n'; echo next`)
	b.run(d, pod)
	b.ended(d, pod)
	long := strings.Repeat("0", 2999) + "7\n"
	if log := b.log(d, pod, runtime.LogOptions{Tail: -1}); log != long+"\x01\xff\nnext\n" {
		t.Errorf("%q", log)
	}
	lines := strings.SplitAfter(b.log(d, pod, runtime.LogOptions{Tail: 3, Timestamps: true}), "\n")
	for i, want := range []string{long, "\x01\xff\n", "next\n"} {
		stamp, text, _ := strings.Cut(lines[i], " ")
		if _, err := time.Parse(time.RFC3339, stamp); err != nil || text != want {
			t.Errorf("%.60q: %v", lines[i], err)
		}
	}
}

// What the device does not take is an error that names the limit, before anything of it was sent.
func TestLimitsAreNamed(t *testing.T) {
	b := newBench(t, reference.Options{Pods: 1, Containers: 1, Document: 300, File: 100, Files: 150})
	d, _ := b.agent("")
	pod := podOf("u", "sleep 1000")
	pod.Pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}}}}
	prepare := func(files map[string]runtime.File) error {
		pod.Volumes = map[string]runtime.Volume{"v": {Files: files}}
		return d.PreparePod(t.Context(), pod)
	}
	file := func(size int) runtime.File {
		return runtime.File{Content: []byte(strings.Repeat("secret", size)[:size])}
	}
	for want, err := range map[string]error{
		"(its limit file)":  prepare(map[string]runtime.File{"a": file(101)}),
		"(its limit files)": prepare(map[string]runtime.File{"a": file(80), "b": file(80)}),
		"is no path in it":  prepare(map[string]runtime.File{"../a": file(1)}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secretsecret") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := prepare(map[string]runtime.File{"a": file(80), "b": file(70)}); err != nil {
		t.Error(err)
	}
	start := func(name string, script string) error {
		c := corev1.Container{Name: name, Command: []string{"sh", "-c", script}}
		return d.StartContainer(t.Context(), pod, runtime.ContainerSpec{Container: &c})
	}
	var not runtime.NotStarted
	if err := start("main", strings.Repeat("x", 300)); !errors.As(err, &not) || !strings.Contains(not.Message, "(its limit document)") {
		t.Errorf("%v", err)
	}
	if err := start("main", "sleep 1000"); err != nil {
		t.Error(err)
	}
	if err := start("other", "true"); !errors.As(err, &not) || !strings.Contains(not.Message, "(containers)") {
		t.Errorf("%v", err)
	}
	if err := d.PreparePod(t.Context(), podOf("v", "")); err == nil || !strings.Contains(err.Error(), "takes 1 pods (pods)") {
		t.Errorf("%v", err)
	}
}

func TestExecIsRefused(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, _ := b.agent("")
	if err := d.Exec(t.Context(), runtime.ContainerID{}, []string{"true"}, runtime.Streams{}); !errors.Is(err, runtime.ErrNotPossible) || !strings.Contains(err.Error(), "serial") {
		t.Errorf("%v", err)
	}
	for what, possible := range map[string]bool{
		"attach":       func() bool { _, ok := any(d).(runtime.Attacher); return ok }(),
		"port-forward": func() bool { _, ok := any(d).(runtime.PortForwarder); return ok }(),
	} {
		if possible {
			t.Errorf("%s cannot be had over a serial line", what)
		}
	}
}
