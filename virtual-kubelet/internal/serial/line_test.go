package serial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	reference "pulumi-kubeadm/virtual-kubelet/internal/serial/device"
)

// noises are what lines do to bytes, each about once in so many.
var noises = map[string]func(random *rand.Rand, bytes []byte, once int) []byte{
	"bits flipped": func(random *rand.Rand, bytes []byte, once int) []byte {
		for i := range bytes {
			if random.IntN(once) == 0 {
				bytes[i] ^= 1 << random.IntN(8)
			}
		}
		return bytes
	},
	"bytes lost": func(random *rand.Rand, bytes []byte, once int) []byte {
		var out []byte
		for _, c := range bytes {
			if random.IntN(once) != 0 {
				out = append(out, c)
			}
		}
		return out
	},
	"bytes doubled": func(random *rand.Rand, bytes []byte, once int) []byte {
		var out []byte
		for _, c := range bytes {
			out = append(out, c)
			if random.IntN(once) == 0 {
				out = append(out, c)
			}
		}
		return out
	},
	"garbage": func(random *rand.Rand, bytes []byte, once int) []byte {
		var out []byte
		for _, c := range bytes {
			out = append(out, c)
			if random.IntN(once) == 0 {
				for range random.IntN(100) {
					out = append(out, byte(random.Uint32()))
				}
			}
		}
		return out
	},
}

// Whatever the noise, in whichever direction, what arrives is what was sent, and nothing happens twice.
func TestNoise(t *testing.T) {
	for name, noise := range noises {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, reference.Options{})
			var mutex sync.Mutex
			random := rand.New(rand.NewPCG(1, 2))
			content := make([]byte, 10_000)
			for i := range content {
				content[i] = byte(random.Uint32())
			}
			hits := map[bool]int{}
			b.set(0, func(down bool, bytes []byte) []byte {
				mutex.Lock()
				defer mutex.Unlock()
				before := string(bytes)
				after := noise(random, bytes, 1500)
				if string(after) != before {
					hits[down]++
				}
				return after
			})
			d, _ := b.agent("maxLine: 512\ntimeout: 200ms\nretries: 50\n")
			pod := podOf("u", `echo run; cksum <config/file; i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i + 1)); done; exit 7`)
			pod.Pod.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}}}
			pod.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/config"}}
			pod.Volumes = map[string]runtime.Volume{"config": {Files: map[string]runtime.File{"file": {Content: content}}}}
			b.run(d, pod)
			if state := b.ended(d, pod); state.ExitCode != 7 {
				t.Errorf("%+v", state)
			}
			log := b.log(d, pod, runtime.LogOptions{Tail: -1})
			var want strings.Builder
			fmt.Fprintf(&want, "run\n%d %d\n", cksum(content), len(content))
			for i := range 200 {
				fmt.Fprintf(&want, "line %d\n", i)
			}
			if log != want.String() {
				t.Errorf("log: %q", log)
			}
			if err := d.RemovePod(t.Context(), pod.Pod.UID); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if hits[true] == 0 || hits[false] == 0 {
				t.Errorf("the line was too good: %v", hits)
			}
		})
	}
}

// cksum is POSIX' checksum of that name.
func cksum(content []byte) uint32 {
	crc := uint32(0)
	add := func(c byte) {
		crc ^= uint32(c) << 24
		for range 8 {
			crc = crc<<1 ^ 0x04C11DB7*(crc>>31)
		}
	}
	for _, c := range content {
		add(c)
	}
	for n := len(content); n > 0; n >>= 8 {
		add(byte(n))
	}
	return ^crc
}

// A slow line carries the same: requests of everybody have their turn between the pieces of a long log.
func TestSlowLine(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, _ := b.agent("baud: 9600\ntimeout: 5s\n")
	pod := podOf("u", `i=0; while [ $i -lt 300 ]; do echo this is line number $i of them; i=$((i + 1)); done; echo end; sleep 1000`)
	b.run(d, pod)
	b.until("all is written", func() bool { return b.log(d, pod, runtime.LogOptions{Tail: 1}) == "end\n" })
	b.set(2000, nil)
	read := make(chan string, 1)
	go func() { read <- b.log(d, pod, runtime.LogOptions{Tail: -1}) }()
	looks := 0
	for log := ""; log == ""; {
		select {
		case log = <-read:
			if strings.Count(log, "\n") != 301 {
				t.Errorf("log: %q", log)
			}
		default:
			if state := b.state(d, pod); state == nil || !state.Running {
				t.Fatalf("%+v", state)
			}
			looks++
		}
	}
	if looks < 3 {
		t.Errorf("the log let only %d looks pass", looks)
	}
}

func TestTwoRequestsAtOnce(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, _ := b.agent("")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			pod := podOf(fmt.Sprintf("u%d", i), fmt.Sprintf("echo pod %d; exit %d", i, i))
			if err := d.PreparePod(t.Context(), pod); err != nil {
				t.Error(err)
				return
			}
			if err := d.StartContainer(t.Context(), pod, runtime.ContainerSpec{Container: &pod.Pod.Spec.Containers[0]}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range 8 {
		pod := podOf(fmt.Sprintf("u%d", i), "")
		if state := b.ended(d, pod); state.ExitCode != i {
			t.Errorf("pod %d: %+v", i, state)
		}
		if log := b.log(d, pod, runtime.LogOptions{Tail: -1}); log != fmt.Sprintf("pod %d\n", i) {
			t.Errorf("pod %d: %q", i, log)
		}
	}
}

// A device that is silent, and a line that is pulled out, are unreachable; nothing is concluded, and all is there again afterwards.
func TestUnreachable(t *testing.T) {
	for name, test := range map[string]struct {
		lose, restore func(*bench)
		want          string
	}{
		"silent":     {func(b *bench) { b.set(0, cut) }, func(b *bench) { b.set(0, nil) }, "no answer within"},
		"pulled out": {(*bench).unplug, (*bench).plug, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, reference.Options{})
			d, _ := b.agent("timeout: 1s\nretries: 1\n")
			pod := podOf("u", "sleep 1000")
			b.run(d, pod)
			var before *runtime.ContainerState
			b.until("it runs", func() bool { before = b.state(d, pod); return before != nil })
			test.lose(b)
			var err error
			b.until("it is known", func() bool {
				_, err = d.Observe(t.Context())
				return err != nil && strings.Contains(err.Error(), test.want)
			})
			if !errors.Is(err, runtime.ErrUnreachable) || !strings.Contains(err.Error(), b.line) {
				t.Errorf("%v", err)
			}
			for what, err := range map[string]error{
				"prepare": d.PreparePod(t.Context(), pod), "stop": d.StopContainer(t.Context(), idOf(pod), 0), "remove": d.RemovePod(t.Context(), "u"),
			} {
				if !errors.Is(err, runtime.ErrUnreachable) {
					t.Errorf("%s: %v", what, err)
				}
			}
			drain(d)
			test.restore(b)
			b.until("it is back", func() bool { _, err := d.Observe(t.Context()); return err == nil })
			if after := b.state(d, pod); after == nil || *after != *before {
				t.Errorf("%+v, before %+v", after, before)
			}
			select {
			case <-d.Changes():
			case <-time.After(patience):
				t.Error("nobody was told")
			}
		})
	}
}

func drain(d *device) {
	select {
	case <-d.Changes():
	default:
	}
}

// Who gives up need not wait for the line, and the line goes on.
func TestCancelledRequest(t *testing.T) {
	b := newBench(t, reference.Options{})
	d, _ := b.agent("timeout: 1m\n")
	b.until("it answers", func() bool { _, err := d.Observe(t.Context()); return err == nil })
	b.set(0, cut)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.RemovePod(ctx, types.UID("u")) }()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) || errors.Is(err, runtime.ErrUnreachable) {
			t.Errorf("%v", err)
		}
	case <-time.After(50 * time.Second):
		t.Fatal("it waits for the device")
	}
}

// Who waits for a turn is told what is known of the line so far: nothing after a part of the first try, and its silence after the whole.
func TestWaitingBesideASilentDevice(t *testing.T) {
	for timeout, want := range map[string]string{"1m": "an earlier request has no answer yet; is the device on", "50ms": "no answer within"} {
		t.Run(timeout, func(t *testing.T) {
			b := newBench(t, reference.Options{})
			d, _ := b.agent("timeout: " + timeout + "\nretries: 100\n")
			b.until("it answers", func() bool { _, err := d.Observe(t.Context()); return err == nil })
			b.set(0, cut)
			ctx, cancel := context.WithCancel(t.Context())
			first := make(chan error, 1)
			go func() { first <- d.RemovePod(ctx, types.UID("u")) }()
			b.until("the first has the turn", func() bool {
				if free := d.link.turn.TryAcquire(1); free {
					d.link.turn.Release(1)
					return false
				}
				return timeout == "1m" || d.link.silent.Load() != nil
			})
			impatient, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer end()
			if _, err := d.Observe(impatient); !errors.Is(err, runtime.ErrUnreachable) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v", err)
			}
			cancel()
			<-first
		})
	}
}

// Another agent's answers, and an echoing line, are not taken for one's own.
func TestStrangeAnswers(t *testing.T) {
	b := newBench(t, reference.Options{})
	b.set(0, func(down bool, bytes []byte) []byte {
		if down {
			b.mutex.Lock()
			defer b.mutex.Unlock()
			// The echo comes before the answer.
			if b.controller != nil {
				_, _ = b.controller.Write(bytes)
			}
		}
		return bytes
	})
	d, _ := b.agent("")
	pod := podOf("u", "exit 5")
	b.run(d, pod)
	if state := b.ended(d, pod); state.ExitCode != 5 {
		t.Errorf("%+v", state)
	}
}
