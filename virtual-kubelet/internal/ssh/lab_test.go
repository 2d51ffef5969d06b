package ssh

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// lab is a device on this machine: a home, the documented applets, a SSH server, and a network in front of it that can be cut.
type lab struct {
	*server
	network
	home, bootFile string
	config         Config
	// ends are for the agents that were started.
	ends []func()
}

// newLab skips where there is no busybox; the project's set-up installs it.
func newLab(t *testing.T, shell string) *lab {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("busybox is not installed, and it is what the device's applets are proven with: apt-get install busybox-static")
	}
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	must(t, os.Mkdir(bin, 0o755))
	for _, applet := range applets {
		must(t, os.Symlink(busybox, filepath.Join(bin, applet)))
	}
	target := busybox
	if shell != "busybox" {
		if target, err = exec.LookPath(shell); err != nil {
			t.Skipf("%s is not installed", shell)
		}
	}
	must(t, os.Symlink(target, filepath.Join(bin, "sh")))
	l := &lab{home: home, bootFile: filepath.Join(home, "boot_id")}
	l.boot(t)
	// Whatever outlives its connection would write into what is deleted next.
	t.Cleanup(func() { until(t, "no process is left", func() bool { return len(l.killed()) == 0 }) })
	l.server = newServer(t, filepath.Join(bin, "sh"), []string{"PATH=" + bin, "HOME=" + home, "USER=plc"})
	l.network.listen(t, l.server.address)
	l.credentials(t)
	t.Cleanup(l.endAgents)
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// boot gives the device another boot id, as its kernel does when it starts.
func (l *lab) boot(t *testing.T) {
	must(t, os.WriteFile(l.bootFile, []byte(fmt.Sprintf("boot-%d\n", time.Now().UnixNano())), 0o600))
}

func (l *lab) credentials(t *testing.T) {
	block, err := ssh.MarshalPrivateKey(l.userKey, "")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(l.home, "key"), pem.EncodeToMemory(block), 0o600))
	l.knownHosts(t, l.network.address, l.hostKey.PublicKey())
	host, port, err := net.SplitHostPort(l.network.address)
	must(t, err)
	l.config = Config{Hop: Hop{Host: host, User: "plc", PrivateKeyFile: filepath.Join(l.home, "key"), KnownHostsFile: filepath.Join(l.home, "known_hosts")}}
	fmt.Sscan(port, &l.config.Port)
	l.config.Directory = filepath.Join(l.home, "device")
}

func (l *lab) knownHosts(t *testing.T, address string, key ssh.PublicKey) {
	line := knownhosts.Line([]string{knownhosts.Normalize(address)}, key)
	must(t, os.WriteFile(filepath.Join(l.home, "known_hosts"), []byte(line+"\n"), 0o600))
}

// agent is one that was started anew.
func (l *lab) agent(t *testing.T) *device {
	config := l.config
	config.complete(l.home)
	must(t, config.check())
	ctx, cancel := context.WithCancel(context.Background())
	l.ends = append(l.ends, cancel)
	return start(ctx, &config, "press-7", l.bootFile)
}

func (l *lab) endAgents() {
	for _, end := range l.ends {
		end()
	}
}

func (l *lab) open(t *testing.T) runtime.Runtime { return l.agent(t) }

// processes are those of this device by now: whose command line or directory tells.
func (l *lab) processes() []string {
	var found []string
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		line, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		directory, _ := os.Readlink(filepath.Join(entry, "cwd"))
		if strings.Contains(string(line), l.home) || strings.HasPrefix(directory, l.home) {
			found = append(found, filepath.Base(entry)+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// killed are those that still had to be.
func (l *lab) killed() []string {
	found := l.processes()
	for _, process := range found {
		var pid int
		fmt.Sscan(process, &pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return found
}

// network is the way to the device.
type network struct {
	address string
	mutex   sync.Mutex
	silent  bool
	conns   []net.Conn
}

func (n *network) listen(t *testing.T, target string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	n.address = listener.Addr().String()
	t.Cleanup(func() { listener.Close(); n.breakOff() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				continue
			}
			n.mutex.Lock()
			n.conns = append(n.conns, near, far)
			n.mutex.Unlock()
			go n.carry(near, far)
			go n.carry(far, near)
		}
	}()
}

// carry loses everything while the network is cut, and ends with its connection.
func (n *network) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		count, err := from.Read(buffer)
		if err != nil {
			return
		}
		n.mutex.Lock()
		silent := n.silent
		n.mutex.Unlock()
		if silent {
			continue
		}
		if _, err := to.Write(buffer[:count]); err != nil {
			return
		}
	}
}

// cut makes the network silent: nothing arrives, and nobody is told.
func (n *network) cut() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.silent = true
}

// heal lets new connections through; the old ones have lost too much.
func (n *network) heal() {
	n.breakOff()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.silent = false
}

// breakOff ends all connections.
func (n *network) breakOff() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, conn := range n.conns {
		conn.Close()
	}
	n.conns = nil
}
