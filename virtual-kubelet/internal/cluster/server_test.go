package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const testToken = "a-token-for-tests"

// server is a real API server with its etcd; what a kubelet would do in it a test does.
type server struct {
	address, ca string
	client      kubernetes.Interface
}

// apiServer starts one, or skips the test where the programs are not built (make setup).
func apiServer(t *testing.T) *server {
	t.Helper()
	etcd, api := programOf(t, "etcd-server-*/server"), programOf(t, "kubernetes-*/kube-apiserver")
	dir := t.TempDir()
	clients, peers, secure := port(t), port(t), port(t)
	start(t, etcd, "--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls="+clients.url("http"), "--advertise-client-urls="+clients.url("http"),
		"--listen-peer-urls="+peers.url("http"), "--initial-advertise-peer-urls="+peers.url("http"), "--initial-cluster=default="+peers.url("http"))
	key, tokens, certs := filepath.Join(dir, "key.pem"), filepath.Join(dir, "tokens"), filepath.Join(dir, "certs")
	write(t, key, pemKey(t))
	write(t, tokens, []byte(testToken+",admin,1,system:masters\n"))
	start(t, api, "--etcd-servers="+clients.url("http"), "--bind-address=127.0.0.1", "--secure-port="+secure.number(), "--cert-dir="+certs,
		"--token-auth-file="+tokens, "--authorization-mode=AlwaysAllow", "--service-cluster-ip-range=10.0.0.0/24", "--watch-cache=true",
		"--service-account-issuer=https://tests", "--service-account-key-file="+key, "--service-account-signing-key-file="+key)
	s := &server{address: secure.url("https"), ca: filepath.Join(certs, "apiserver.crt")}
	config := &rest.Config{Host: s.address, BearerToken: testToken, QPS: -1, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	var err error
	if s.client, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the API server", func() error {
		_, err := s.client.CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceDefault, metav1.GetOptions{})
		return err
	})
	return s
}

func programOf(t *testing.T, pattern string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(cache, "pulumi-kubeadm", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skipf("there is no %s in the cache: `make setup` builds it", pattern)
	}
	return found[len(found)-1]
}

type address struct{ *net.TCPAddr }

func (a address) url(scheme string) string { return scheme + "://" + a.String() }
func (a address) number() string           { return fmt.Sprint(a.Port) }

func port(t *testing.T) address {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return address{l.Addr().(*net.TCPAddr)}
}

func start(t *testing.T, program string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s: %s", filepath.Base(program), text[max(0, len(text)-2000):])
		}
	})
}

func pemKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition; its last failure says why it never held.
func eventually(t *testing.T, what string, look func() error) {
	t.Helper()
	var err error
	for over := time.Now().Add(2 * time.Minute); time.Now().Before(over); time.Sleep(100 * time.Millisecond) {
		if err = look(); err == nil {
			return
		}
	}
	t.Fatalf("never seen: %s: %v", what, err)
}

// way is a way to the API server that can be cut.
type way struct {
	to string
	mu sync.Mutex
	// listener is nil while the way is cut.
	listener    net.Listener
	at          string
	connections []net.Conn
}

func newWay(t *testing.T, to string) *way {
	t.Helper()
	w := &way{to: to, at: port(t).String()}
	w.heal(t)
	t.Cleanup(w.cut)
	return w
}

func (w *way) heal(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", w.at)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.listener = l
	w.mu.Unlock()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", w.to)
			if err != nil {
				_ = in.Close()
				continue
			}
			w.mu.Lock()
			w.connections = append(w.connections, in, out)
			w.mu.Unlock()
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
}

func (w *way) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener != nil {
		_ = w.listener.Close()
	}
	for _, c := range w.connections {
		_ = c.Close()
	}
	w.listener, w.connections = nil, nil
}
