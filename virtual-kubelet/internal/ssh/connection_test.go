package ssh

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func unreachable(t *testing.T, d *device, want string) {
	t.Helper()
	_, err := d.Observe(t.Context())
	if !errors.Is(err, runtime.ErrUnreachable) || !strings.Contains(err.Error(), want) {
		t.Fatalf("want an unreachable device and %q, got %v", want, err)
	}
}

func TestWrongCredentials(t *testing.T) {
	l := newLab(t, "busybox")
	l.config.PrivateKeyFile, l.config.PasswordFile = "", filepath.Join(l.home, "password")
	must(t, os.WriteFile(l.config.PasswordFile, []byte("not it\n"), 0o600))
	d := l.agent(t)
	unreachable(t, d, "does not take these credentials")
	if err := d.RemovePod(t.Context(), "x"); !errors.Is(err, runtime.ErrUnreachable) || strings.Contains(err.Error(), "not it") {
		t.Fatalf("remove: %v", err)
	}
	// Put right, it recovers by itself.
	must(t, os.WriteFile(l.config.PasswordFile, []byte(l.password+"\n"), 0o600))
	until(t, "it is let in", func() bool { _, err := d.Observe(t.Context()); return err == nil })
}

func TestHostKeys(t *testing.T) {
	l := newLab(t, "busybox")
	l.knownHosts(t, l.network.address, newSigner(t).PublicKey())
	unreachable(t, l.agent(t), "another key")
	l.knownHosts(t, "127.0.0.9:22", l.hostKey.PublicKey())
	unreachable(t, l.agent(t), "has no key for this host")
	if got := l.connections.Load(); got != 0 {
		t.Fatalf("%d logins to a host that is not the one", got)
	}
}

// Calls, streams and what runs survive a connection that ends, and everything is as it was.
func TestBrokenConnection(t *testing.T) {
	l := newLab(t, "busybox")
	d := l.agent(t)
	j := l.job(t, d, "sleep 1000")
	j.run(0)
	before := *j.state(0)
	for range 3 {
		l.breakOff()
		until(t, "it is back", func() bool { _, err := d.Observe(t.Context()); return err == nil })
		if state := j.state(0); *state != before {
			t.Fatalf("before %+v, after %+v", before, state)
		}
	}
	must(t, j.Exec(j.ctx, j.id(0), []string{"true"}, runtime.Streams{}))
	// The end is told on the new connection.
	drain(d)
	must(t, j.StopContainer(j.ctx, j.id(0), 0))
	<-d.Changes()
}

func drain(d *device) {
	select {
	case <-d.Changes():
	default:
	}
}

func TestProxyChain(t *testing.T) {
	l := newLab(t, "busybox")
	inner := l.config
	// The same server twice on the way, by its own name each time.
	middle := inner.Hop
	outer := inner.Hop
	middle.Proxy = &outer
	inner.Proxy = &middle
	l.config = inner
	j := l.job(t, l.agent(t), "exit 6")
	j.run(0)
	if state := j.ended(0); state.ExitCode != 6 {
		t.Fatalf("ended as %+v", state)
	}
	if got := l.connections.Load(); got < 3 {
		t.Fatalf("%d logins for three hops", got)
	}
}

// A sshd with few sessions makes things slower, not wrong.
func TestFewSessions(t *testing.T) {
	l := newLab(t, "busybox")
	l.maxSessions = 2
	d := l.agent(t)
	j := l.job(t, d, "echo hello; sleep 1000")
	j.run(0)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := d.Observe(t.Context()); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			var output bytes.Buffer
			if err := j.Exec(j.ctx, j.id(0), []string{"echo", "there"}, runtime.Streams{Stdout: &output}); err != nil || output.String() != "there\n" {
				t.Errorf("%q, %v", output.String(), err)
			}
		})
	}
	group.Wait()
	if got := l.most.Load(); got > 2 {
		t.Fatalf("%d sessions at once on a connection", got)
	}
}

// Many followed logs have connections of their own, and what the node lives by has room.
func TestManyStreams(t *testing.T) {
	l := newLab(t, "busybox")
	d := l.agent(t)
	j := l.job(t, d, "echo hello; sleep 1000")
	j.run(0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 20 {
		reader, err := d.Logs(ctx, j.id(0), runtime.LogOptions{Tail: -1, Follow: true})
		must(t, err)
		buffer := make([]byte, 6)
		if n, err := reader.Read(buffer); err != nil || string(buffer[:n]) != "hello\n" {
			t.Fatalf("%q, %v", buffer[:n], err)
		}
	}
	if _, err := d.Observe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.most.Load(); got > 10 {
		t.Fatalf("%d sessions at once on a connection", got)
	}
	cancel()
	until(t, "nobody reads on the device", func() bool {
		for _, process := range l.processes() {
			if strings.Contains(process, " logs ") {
				return false
			}
		}
		return true
	})
}

// A payload that did not arrive as a whole changes nothing.
func TestCutOffInput(t *testing.T) {
	l := newLab(t, "dash")
	d := l.agent(t)
	j := l.job(t, d, "exit 0")
	j.run(0)
	p := &payload{}
	p.say("pod", "half", "default", "half")
	text, all := p.bytes()
	_, err := d.call(t.Context(), all[:len(all)-3], "apply", "1", "9999")
	if err == nil || !strings.Contains(err.Error(), "did not arrive as a whole") || text != len(all) {
		t.Fatalf("it was taken: %v", err)
	}
}
