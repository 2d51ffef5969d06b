package ssh

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime/contract"
)

func lookup(t *testing.T, program string) string {
	path, err := exec.LookPath(program)
	must(t, err)
	return path
}

// The same against OpenSSH's own sshd: its sessions, terminals, keepalives and its default of ten sessions.
func TestContractWithSshd(t *testing.T) {
	const sshd = "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("there is no /usr/sbin/sshd here")
	}
	if testing.Short() {
		t.Skip("-short leaves out what takes minutes")
	}
	if os.Getuid() != 0 {
		t.Skip("only root's sshd lets a user in without a password database of its own")
	}
	l := newLab(t, "busybox")
	must(t, os.MkdirAll("/run/sshd", 0o755))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := free.Addr().String()
	free.Close()
	l.sshdFiles(t, address)
	server := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(l.home, "sshd_config"))
	log, err := os.Create(filepath.Join(l.home, "sshd.log"))
	must(t, err)
	server.Stderr = log
	must(t, server.Start())
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s", text)
		}
	})
	until(t, "sshd listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	l.network = network{}
	l.network.listen(t, address)
	l.credentials(t)
	l.config.User = "root"
	contract.Run(t, l.open, contract.Cut(l.cut, l.heal), contract.Many(30))
}

func (l *lab) sshdFiles(t *testing.T, address string) {
	hostKey, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(l.home, "host_key")).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v", hostKey, err)
	}
	private, err := os.ReadFile(filepath.Join(l.home, "host_key"))
	must(t, err)
	l.hostKey, err = ssh.ParsePrivateKey(private)
	must(t, err)
	user, err := ssh.NewPublicKey(l.userKey.Public())
	must(t, err)
	must(t, os.WriteFile(filepath.Join(l.home, "authorized_keys"), ssh.MarshalAuthorizedKey(user), 0o600))
	host, port, err := net.SplitHostPort(address)
	must(t, err)
	config := fmt.Sprintf(`ListenAddress %s
Port %s
HostKey %s/host_key
AuthorizedKeysFile %s/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
SetEnv PATH=%s/bin HOME=%s
`, host, port, l.home, l.home, l.home, l.home)
	must(t, os.WriteFile(filepath.Join(l.home, "sshd_config"), []byte(config), 0o600))
}
