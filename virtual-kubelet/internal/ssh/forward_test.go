package ssh

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestPortForward(t *testing.T) {
	near, far := net.Pipe()
	ended := forwarded(t, halfClosed{far}, func(conn net.Conn) {
		text, _ := io.ReadAll(conn)
		conn.Write(bytes.ToUpper(text))
	})
	_, err := near.Write([]byte("hello."))
	must(t, err)
	answer := make([]byte, 6)
	_, err = io.ReadFull(near, answer)
	must(t, err)
	if string(answer) != "HELLO." {
		t.Fatalf("answer: %q", answer)
	}
	must(t, <-ended)
}

// forwarded joins a stream with a service on the device.
func forwarded(t *testing.T, stream io.ReadWriteCloser, service func(net.Conn)) chan error {
	d := newLab(t, "busybox").agent(t)
	listener := serve(t, service)
	ended := make(chan error, 1)
	go func() {
		ended <- d.PortForward(t.Context(), "x", int32(listener.Addr().(*net.TCPAddr).Port), stream)
	}()
	return ended
}

// serve has a service for one client.
func serve(t *testing.T, service func(net.Conn)) net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			service(conn)
		}
	}()
	return listener
}

// halfClosed ends its input at a full stop.
type halfClosed struct{ net.Conn }

func (h halfClosed) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	if err == nil && bytes.HasSuffix(p[:n], []byte(".")) {
		err = io.EOF
	}
	return n, err
}

// A service may end first; its client learns that without saying anything.
func TestServiceEndsFirst(t *testing.T) {
	near, far := net.Pipe()
	ended := forwarded(t, far, func(conn net.Conn) { io.WriteString(conn, "bye") })
	must(t, near.SetDeadline(time.Now().Add(patience)))
	text, err := io.ReadAll(near)
	must(t, err)
	if string(text) != "bye" {
		t.Errorf("%q", text)
	}
	must(t, <-ended)
}

// After its client's last word a service may go on to speak, and is left when it is silent for long.
func TestServiceAfterItsClient(t *testing.T) {
	over := make(chan struct{})
	listener := serve(t, func(conn net.Conn) {
		for range 15 {
			io.WriteString(conn, "word ")
			time.Sleep(200 * time.Millisecond)
		}
		<-over
	})
	defer close(over)
	remote, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	near, far := net.Pipe()
	go join(halfClosed{far}, remote, 2*time.Second)
	_, err = near.Write([]byte("."))
	must(t, err)
	must(t, near.SetDeadline(time.Now().Add(patience)))
	text, err := io.ReadAll(near)
	must(t, err)
	if string(text) != strings.Repeat("word ", 15) {
		t.Errorf("%q", text)
	}
}
