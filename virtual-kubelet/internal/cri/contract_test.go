package cri

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime/contract"
)

// TestContract needs root, a real runtime and an image there that has a shell.
func TestContract(t *testing.T) {
	socket, image := os.Getenv("CRI_TEST_SOCKET"), os.Getenv("CRI_TEST_IMAGE")
	if socket == "" || image == "" {
		t.Skip("CRI_TEST_SOCKET and CRI_TEST_IMAGE name no container runtime and no image with a shell, and without them this cannot be run")
	}
	w := newWay(t, socket)
	config := &Config{Socket: w.path, Directory: t.TempDir()}
	config.complete("contract")
	config.Logs.MaxSize = resource.MustParse("4Ki")
	open := func(t *testing.T) runtime.Runtime { return start(t.Context(), config, "contract") }
	shared := true
	contract.Run(t, open, contract.Cut(w.cut, w.heal), contract.Many(20),
		contract.Pods(func(pod *corev1.Pod) {
			pod.Spec.HostNetwork = true
			// Nobody can kill the first process of a process namespace from inside.
			pod.Spec.ShareProcessNamespace = &shared
			pod.Spec.Containers[0].Image = image
			pod.Spec.Containers[0].ImagePullPolicy = corev1.PullNever
		}),
		contract.Without("stop the whole group", "a runtime sends the stop signal to a container's first process, and what that leaves ends with it"))
}

// way is a socket that leads to another one, and can be cut.
type way struct {
	t            *testing.T
	path, target string
	mu           sync.Mutex
	listener     net.Listener
	open         map[net.Conn]struct{}
}

func newWay(t *testing.T, target string) *way {
	directory, err := os.MkdirTemp("", "cri")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{t: t, path: filepath.Join(directory, "way.sock"), target: target, open: map[net.Conn]struct{}{}}
	t.Cleanup(func() { w.cut(); os.RemoveAll(directory) })
	w.heal()
	return w
}

func (w *way) heal() {
	listener, err := net.Listen("unix", w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.listener = listener
	w.mu.Unlock()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.lead(client)
		}
	}()
}

func (w *way) lead(client net.Conn) {
	server, err := net.Dial("unix", w.target)
	if err != nil {
		client.Close()
		return
	}
	ended := make(chan struct{}, 2)
	w.mu.Lock()
	w.open[client] = struct{}{}
	w.mu.Unlock()
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			ended <- struct{}{}
		}()
	}
	<-ended
	client.Close()
	server.Close()
	w.mu.Lock()
	delete(w.open, client)
	w.mu.Unlock()
}

func (w *way) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener.Close()
	for client := range w.open {
		client.Close()
	}
}
