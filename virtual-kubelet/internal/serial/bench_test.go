package serial

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	reference "pulumi-kubeadm/virtual-kubelet/internal/serial/device"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// patience is how long something may take that happens for sure, on a busy machine.
const patience = 2 * time.Minute

// bench is a reference device on a real pseudo-terminal, with means to disturb the line between it and the agent.
type bench struct {
	*testing.T
	options reference.Options
	// line is the path that the agent opens.
	line   string
	device *reference.Device

	mutex sync.Mutex
	// controller and terminal are the pair; nil while the line is pulled out.
	controller, terminal *os.File
	// damage changes what is on its way; down is to the device. Nil leaves it as it is.
	damage func(down bool, bytes []byte) []byte
	// rate in bytes a second; 0 is as fast as can be.
	rate int
	// toDevice is what the device reads.
	toDevice *io.PipeWriter
	// sent counts the bytes that went each way.
	sent map[bool]int
}

func newBench(t *testing.T, options reference.Options) *bench {
	options.Directory = t.TempDir()
	b := &bench{T: t, options: options, line: filepath.Join(t.TempDir(), "line"), sent: map[bool]int{}}
	b.powerOn()
	b.plug()
	t.Cleanup(func() {
		b.unplug()
		b.powerOff()
	})
	return b
}

func (b *bench) powerOn() {
	b.Helper()
	d, err := reference.New(b.options)
	if err != nil {
		b.Fatal(err)
	}
	read, write := io.Pipe()
	b.mutex.Lock()
	b.device, b.toDevice = d, write
	b.mutex.Unlock()
	go func() {
		_ = d.Serve(struct {
			io.Reader
			io.Writer
		}{read, upward{b}})
	}()
}

func (b *bench) powerOff() {
	b.mutex.Lock()
	d, toDevice := b.device, b.toDevice
	b.toDevice = nil
	b.mutex.Unlock()
	if toDevice != nil {
		toDevice.Close()
	}
	d.Close()
}

func (b *bench) plug() {
	b.Helper()
	controller, terminal, err := pty.Open()
	if err == nil {
		err = os.Symlink(terminal.Name(), b.line)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.mutex.Lock()
	b.controller, b.terminal = controller, terminal
	b.mutex.Unlock()
	go b.downward(controller)
}

func (b *bench) unplug() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.controller == nil {
		return
	}
	os.Remove(b.line)
	b.terminal.Close()
	b.controller.Close()
	b.controller = nil
}

// set disturbs the line from now on.
func (b *bench) set(rate int, damage func(down bool, bytes []byte) []byte) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.rate, b.damage = rate, damage
}

func cut(bool, []byte) []byte { return nil }

func (b *bench) disturb(down bool, bytes []byte) []byte {
	b.mutex.Lock()
	rate, damage := b.rate, b.damage
	b.sent[down] += len(bytes)
	b.mutex.Unlock()
	if rate > 0 {
		time.Sleep(time.Duration(len(bytes)) * time.Second / time.Duration(rate))
	}
	if damage != nil {
		return damage(down, bytes)
	}
	return bytes
}

func (b *bench) downward(controller *os.File) {
	chunk := make([]byte, 64)
	for {
		n, err := controller.Read(chunk)
		if err != nil {
			return
		}
		rest := b.disturb(true, append([]byte(nil), chunk[:n]...))
		b.mutex.Lock()
		toDevice := b.toDevice
		b.mutex.Unlock()
		if toDevice != nil && len(rest) > 0 {
			// A device that is off reads nothing.
			_, _ = toDevice.Write(rest)
		}
	}
}

type upward struct{ *bench }

func (u upward) Write(answer []byte) (int, error) {
	for rest := answer; len(rest) > 0; {
		piece := rest[:min(len(rest), 64)]
		rest = rest[len(piece):]
		bytes := u.disturb(false, append([]byte(nil), piece...))
		u.mutex.Lock()
		controller := u.controller
		u.mutex.Unlock()
		if controller != nil && len(bytes) > 0 {
			// A line that is pulled out takes everything and brings nothing.
			_, _ = controller.Write(bytes)
		}
	}
	return len(answer), nil
}

// agent is a Runtime on the line, until the test ends or the function is called.
func (b *bench) agent(settings string) (*device, func()) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "provider.yaml")
	text := fmt.Sprintf("device: %s\npollInterval: 100ms\n%s", b.line, settings)
	if !strings.Contains(settings, "retries:") {
		// A busy machine is no lost device.
		text += "retries: 10\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	opened, err := New(ctx, file, "press-7")
	if err != nil {
		b.Fatal(err)
	}
	d := opened.(*device)
	end := func() {
		cancel()
		<-d.closed
	}
	b.Cleanup(end)
	return d, end
}

// until waits for a condition.
func (b *bench) until(what string, condition func() bool) {
	b.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("waited in vain until %s", what)
		}
	}
}

func podOf(uid, script string) runtime.PodSpec {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "pod-" + uid, UID: types.UID(uid)}}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Command: []string{"sh", "-c", script}}}
	return runtime.PodSpec{Pod: pod}
}

func idOf(pod runtime.PodSpec) runtime.ContainerID {
	return runtime.ContainerID{Pod: pod.Pod.UID, Name: "main"}
}

// run prepares and starts the pod's container, its first attempt.
func (b *bench) run(d runtime.Runtime, pod runtime.PodSpec) {
	b.Helper()
	if err := d.PreparePod(b.Context(), pod); err != nil {
		b.Fatal(err)
	}
	if err := d.StartContainer(b.Context(), pod, runtime.ContainerSpec{Container: &pod.Pod.Spec.Containers[0]}); err != nil {
		b.Fatal(err)
	}
}

// state is the pod's last attempt; nil when it cannot be known.
func (b *bench) state(d runtime.Runtime, pod runtime.PodSpec) *runtime.ContainerState {
	states, err := d.Observe(b.Context())
	if err != nil {
		return nil
	}
	for _, state := range states {
		if n := len(state.Containers); state.UID == pod.Pod.UID && n > 0 {
			return &state.Containers[n-1]
		}
	}
	return nil
}

func (b *bench) ended(d runtime.Runtime, pod runtime.PodSpec) runtime.ContainerState {
	b.Helper()
	var last *runtime.ContainerState
	b.until("it has ended", func() bool {
		last = b.state(d, pod)
		return last != nil && !last.Running
	})
	return *last
}

func (b *bench) log(d runtime.Runtime, pod runtime.PodSpec, options runtime.LogOptions) string {
	b.Helper()
	reader, err := d.Logs(b.Context(), idOf(pod), options)
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}
