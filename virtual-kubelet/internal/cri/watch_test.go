package cri

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// An agent that is killed between a rotation's two steps leaves a container without a file of its log's name.
func TestALogThatWasOnlyPutAsideIsReopened(t *testing.T) {
	lost, kept, ended := runtime.ContainerID{Pod: "uid", Name: "lost"}, runtime.ContainerID{Pod: "uid", Name: "kept"}, runtime.ContainerID{Pod: "uid", Name: "ended"}
	f := &fake{}
	for _, id := range []runtime.ContainerID{lost, kept, ended} {
		f.containers = append(f.containers, runningContainer(id))
	}
	f.containers[2].State = runtimeapi.ContainerState_CONTAINER_EXITED
	m := f.newMachine(t)
	for path, text := range map[string]string{m.logPath(lost) + ".20260102-030405.000000000": "old", m.logPath(kept): "new"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.lookAround(t.Context())
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.reopened, []string{"lost"}) {
		t.Errorf("reopened: %q", f.reopened)
	}
}
