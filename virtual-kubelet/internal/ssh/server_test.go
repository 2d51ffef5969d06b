package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/crypto/ssh"
)

// server is a SSH server that runs what it is told on this machine, with nothing in PATH but the documented applets.
type server struct {
	address string
	hostKey ssh.Signer
	userKey ed25519.PrivateKey
	// password is accepted as well.
	password string
	env      []string
	shell    string
	// maxSessions refuses more at a time on one connection, as sshd does; 10 is its default.
	maxSessions int32
	// most is how many sessions there were at once on one connection, connections how many logins.
	most, connections atomic.Int32
}

func newServer(t *testing.T, shell string, env []string) *server {
	s := &server{hostKey: newSigner(t), password: "a secret word", env: env, shell: shell, maxSessions: 10}
	_, s.userKey, _ = ed25519.GenerateKey(rand.Reader)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	var open sync.WaitGroup
	var conns sync.Map
	t.Cleanup(func() {
		listener.Close()
		conns.Range(func(conn, _ any) bool { conn.(net.Conn).Close(); return true })
		open.Wait()
	})
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Store(conn, nil)
			open.Go(func() { s.serve(conn) })
		}
	})
	return s
}

func newSigner(t *testing.T) ssh.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func (s *server) config() *ssh.ServerConfig {
	user, err := ssh.NewPublicKey(s.userKey.Public())
	if err != nil {
		panic(err)
	}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) != string(user.Marshal()) {
				return nil, fmt.Errorf("unknown key")
			}
			return nil, nil
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) != s.password {
				return nil, fmt.Errorf("wrong password")
			}
			return nil, nil
		},
	}
	config.AddHostKey(s.hostKey)
	return config
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, s.config())
	if err != nil {
		return
	}
	s.connections.Add(1)
	go ssh.DiscardRequests(requests)
	var sessions atomic.Int32
	for channel := range channels {
		switch {
		case channel.ChannelType() == "direct-tcpip":
			go forward(channel)
		case sessions.Load() >= s.maxSessions:
			channel.Reject(ssh.ResourceShortage, "too many sessions")
		default:
			s.most.Store(max(s.most.Load(), sessions.Add(1)))
			go func() {
				defer sessions.Add(-1)
				s.session(channel)
			}()
		}
	}
}

func forward(channel ssh.NewChannel) {
	var to struct {
		Host   string
		Port   uint32
		Origin string
		Source uint32
	}
	ssh.Unmarshal(channel.ExtraData(), &to)
	remote, err := net.Dial("tcp", net.JoinHostPort(to.Host, fmt.Sprint(to.Port)))
	if err != nil {
		channel.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	near, requests, err := channel.Accept()
	if err != nil {
		remote.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		io.Copy(remote, near)
		remote.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(near, remote)
	near.Close()
	remote.Close()
}

// session runs one command: as sshd does, in a session of its own, with pipes or a terminal.
func (s *server) session(channel ssh.NewChannel) {
	near, requests, err := channel.Accept()
	if err != nil {
		return
	}
	defer near.Close()
	var size *pty.Winsize
	terminal := &terminal{}
	for request := range requests {
		switch request.Type {
		case "pty-req":
			length := binary.BigEndian.Uint32(request.Payload)
			rest := request.Payload[4+length:]
			size = &pty.Winsize{Cols: uint16(binary.BigEndian.Uint32(rest)), Rows: uint16(binary.BigEndian.Uint32(rest[4:]))}
			request.Reply(true, nil)
		case "window-change":
			terminal.resize(&pty.Winsize{Cols: uint16(binary.BigEndian.Uint32(request.Payload)), Rows: uint16(binary.BigEndian.Uint32(request.Payload[4:]))})
		case "exec":
			request.Reply(true, nil)
			cmd := exec.Command(s.shell, "-c", string(request.Payload[4:]))
			cmd.Env = append(append([]string{}, s.env...), "SSH_CONNECTION=127.0.0.9 1 127.0.0.1 2", "SSH_CLIENT=127.0.0.9 1 2")
			go func() {
				defer near.Close()
				status := s.run(cmd, near, size, terminal)
				near.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, uint32(status)))
			}()
		default:
			request.Reply(false, nil)
		}
	}
}

// terminal is one that may be closed while its size is changed.
type terminal struct {
	mutex sync.Mutex
	file  *os.File
}

func (t *terminal) set(file *os.File) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.file != nil {
		t.file.Close()
	}
	t.file = file
}

func (t *terminal) resize(size *pty.Winsize) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.file != nil {
		pty.Setsize(t.file, size)
	}
}

func (s *server) run(cmd *exec.Cmd, near ssh.Channel, size *pty.Winsize, terminal *terminal) int {
	if size != nil {
		cmd.Env = append(cmd.Env, "TERM=xterm")
		file, err := pty.StartWithSize(cmd, size)
		if err != nil {
			return 255
		}
		terminal.set(file)
		defer terminal.set(nil)
		go io.Copy(file, near)
		io.Copy(near, file)
		cmd.Wait()
		return code(cmd)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, _ := cmd.StdinPipe()
	cmd.Stdout, cmd.Stderr = near, near.Stderr()
	if err := cmd.Start(); err != nil {
		return 255
	}
	go func() {
		io.Copy(stdin, near)
		stdin.Close()
	}()
	cmd.Wait()
	return code(cmd)
}

func code(cmd *exec.Cmd) int {
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal())
	}
	return cmd.ProcessState.ExitCode()
}
