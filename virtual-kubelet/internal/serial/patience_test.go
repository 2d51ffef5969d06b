package serial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	reference "pulumi-kubeadm/virtual-kubelet/internal/serial/device"
)

// allowed is shorter than the looks below, and longer than any of their exchanges.
const allowed = 5 * time.Second

// asked collects what the agent says.
type asked struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (a *asked) hear(down bool, bytes []byte) []byte {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if down {
		a.text.Write(bytes)
	}
	return bytes
}

func (a *asked) has(words string) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return strings.Contains(a.text.String(), words)
}

// explained is a pod that ends when the file is there and tells why.
func explained(uid, gate, why string) runtime.PodSpec {
	return podOf(uid, fmt.Sprintf(`until [ -e %s ]; do sleep 0.1; done; %s >"$CONTAINER_ROOT/dev/termination-log"`, gate, why))
}

// slow is a line on which a pod's message takes more than 10 seconds. It is asked for when this returns.
func slow(t *testing.T) (*bench, *device, func()) {
	b, all := newBench(t, reference.Options{}), &asked{}
	d, end := b.agent("baud: 9600\ntimeout: 5s\n")
	gate := filepath.Join(t.TempDir(), "gate")
	b.run(d, explained("u", gate, `head -c 4000 /dev/zero | tr '\0' x`))
	b.set(500, all.hear)
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.until("its message is asked for", func() bool { return all.has("message u") })
	return b, d, end
}

func (b *bench) observe(d *device) (states []runtime.PodState, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(b.Context(), allowed)
	defer cancel()
	begun := time.Now()
	states, err = d.Observe(ctx)
	return states, time.Since(begun), err
}

// A look that takes longer than it may is no silence as long as the device answers, and a silence after it is one.
func TestLookOnASlowLine(t *testing.T) {
	b, d, _ := slow(t)
	states, took, err := b.observe(d)
	if err != nil || took < allowed {
		t.Fatalf("after %s: %v", took, err)
	}
	if state := states[0].Containers[0]; state.Running || len(state.Message) != 4000 {
		t.Errorf("%d bytes of %+v", len(state.Message), state)
	}
	b.set(0, cut)
	for range 2 {
		if _, took, err := b.observe(d); !errors.Is(err, runtime.ErrUnreachable) || !strings.Contains(err.Error(), silentHint) || took > 3*allowed {
			t.Errorf("after %s: %v", took, err)
		}
	}
}

// An agent that ends does not wait for such a look.
func TestAgentEndsDuringALook(t *testing.T) {
	b, d, end := slow(t)
	ended := make(chan error, 1)
	go func() {
		_, _, err := b.observe(d)
		ended <- err
	}()
	time.Sleep(allowed + time.Second/2)
	end()
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, runtime.ErrUnreachable) {
		t.Errorf("%v", err)
	}
}

// What was read before a look failed is not asked for again.
func TestMessagesAreKept(t *testing.T) {
	b := newBench(t, reference.Options{})
	first, end := b.agent("")
	for _, uid := range []string{"u", "v"} {
		pod := explained(uid, "/", "printf 'why "+uid+"'")
		b.run(first, pod)
		b.ended(first, pod)
	}
	end()
	before, after := &asked{}, &asked{}
	b.set(0, func(down bool, bytes []byte) []byte {
		if before.hear(down, bytes); before.has("message v") {
			return nil
		}
		return bytes
	})
	d, _ := b.agent("timeout: 500ms\nretries: 1\n")
	b.until("one is read and the other cut off", func() bool {
		_, err := d.Observe(t.Context())
		return err != nil && before.has("message u") && before.has("message v")
	})
	b.set(0, after.hear)
	for _, uid := range []string{"u", "v"} {
		if state := b.ended(d, podOf(uid, "")); state.Message != "why "+uid {
			t.Errorf("%+v", state)
		}
	}
	if after.has("message u") || !after.has("message v") {
		t.Errorf("asked again: %s", after.text.String())
	}
}
