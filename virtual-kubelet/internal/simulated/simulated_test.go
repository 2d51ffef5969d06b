package simulated

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func place(t *testing.T, directory string, clock *clocktesting.FakeClock) *Runtime {
	t.Helper()
	r, err := Open(Config{Directory: directory, CPUMilli: 100, MemoryBytes: 5}, "n1", clock)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func start(t *testing.T, r *Runtime, annotations map[string]string, attempt int) (runtime.ContainerID, error) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "default", UID: "u", Annotations: annotations},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "i"}}},
	}
	spec := runtime.PodSpec{Pod: pod}
	if err := r.PreparePod(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	err := r.StartContainer(t.Context(), spec, runtime.ContainerSpec{Container: &pod.Spec.Containers[0], Attempt: attempt})
	return runtime.ContainerID{Pod: "u", Name: "app", Attempt: attempt}, err
}

func look(t *testing.T, r *Runtime) runtime.ContainerState {
	t.Helper()
	pods, err := r.Observe(t.Context())
	if err != nil || len(pods) != 1 || pods[0].IP == "" {
		t.Fatalf("%+v %v", pods, err)
	}
	return pods[0].Containers[len(pods[0].Containers)-1]
}

func TestCourseIsWhatTheAnnotationsSay(t *testing.T) {
	clock, directory := clocktesting.NewFakeClock(time.Unix(1_800_000_000, 0)), t.TempDir()
	r := place(t, directory, clock)
	id, err := start(t, r, map[string]string{Prefix + "start-after": "2s", Prefix + "run-for": "10s", Prefix + "exit-code": "1", Prefix + "exit-code.app": "3"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s := look(t, r); !s.Waiting || s.Reason != "ContainerCreating" {
		t.Fatalf("%+v", s)
	}
	clock.Step(2 * time.Second)
	<-r.Changes()
	if s := look(t, r); !s.Running {
		t.Fatalf("%+v", s)
	}
	// Another agent finds it again, and it goes on by the same clock.
	r = place(t, directory, clock)
	clock.Step(10 * time.Second)
	<-r.Changes()
	if s := look(t, r); s.Running || s.ExitCode != 3 || s.FinishedAt.Sub(s.StartedAt) != 10*time.Second {
		t.Fatalf("%+v", s)
	}
	log, err := r.Logs(t.Context(), id, runtime.LogOptions{Tail: 1, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(log); string(text) != "simulated container app ended with exit code 3\n" {
		t.Fatalf("log is %q", text)
	}
	if err := r.RemovePod(t.Context(), "u"); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(directory + "/n1"); err != nil || len(files) != 0 {
		t.Fatalf("left behind: %v %v", files, err)
	}
}

func TestStopTakesItsTimeWithinTheGrace(t *testing.T) {
	for _, c := range []struct {
		stopAfter, grace, took time.Duration
		code                   int
	}{{0, time.Minute, 0, 143}, {5 * time.Second, time.Minute, 5 * time.Second, 143}, {time.Hour, 30 * time.Second, 30 * time.Second, 137}} {
		clock := clocktesting.NewFakeClock(time.Unix(1_800_000_000, 0))
		r := place(t, t.TempDir(), clock)
		id, err := start(t, r, map[string]string{Prefix + "stop-after": c.stopAfter.String()}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := r.Exec(t.Context(), id, []string{"true"}, runtime.Streams{Stdout: &out}); err != nil || !strings.Contains(out.String(), "true") {
			t.Errorf("exec: %v %s", err, out.String())
		}
		begun, done := clock.Now(), make(chan error, 1)
		go func() { done <- r.StopContainer(t.Context(), id, c.grace) }()
		for stopped := false; !stopped; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				stopped = true
			default:
				if clock.HasWaiters() {
					clock.Step(time.Second)
				}
				time.Sleep(time.Millisecond)
			}
		}
		s := look(t, r)
		if took := s.FinishedAt.Sub(begun); s.Running || s.ExitCode != c.code || took != c.took {
			t.Errorf("%+v: %+v", c, s)
		}
		if err := r.Exec(t.Context(), id, []string{"true"}, runtime.Streams{}); err == nil {
			t.Error("a command ran in a container that ended")
		}
	}
}

func TestStartedIsLeftAsItIs(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Unix(1_800_000_000, 0))
	r := place(t, t.TempDir(), clock)
	if _, err := start(t, r, nil, 0); err != nil {
		t.Fatal(err)
	}
	begun := look(t, r).StartedAt
	clock.Step(time.Minute)
	if _, err := start(t, r, nil, 0); err != nil || !look(t, r).StartedAt.Equal(begun) {
		t.Fatalf("started twice: %v", err)
	}
	stats, err := r.Stats(t.Context())
	if err != nil || len(stats) != 1 || stats[0].CPUNanoseconds != 6_000_000_000 || stats[0].MemoryBytes != 5 {
		t.Fatalf("%+v %v", stats, err)
	}
	if _, err := start(t, r, map[string]string{Prefix + "run-for": "soon"}, 1); err == nil || !strings.Contains(err.Error(), "run-for") {
		t.Fatalf("a wrong annotation: %v", err)
	}
}

func TestRead(t *testing.T) {
	file := t.TempDir() + "/provider.yaml"
	if err := os.WriteFile(file, []byte("nodes: 3\nnoodles: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), "noodles") {
		t.Fatalf("an unknown field: %v", err)
	}
}
