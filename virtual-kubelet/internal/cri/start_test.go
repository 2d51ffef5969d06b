package cri

import (
	"context"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func TestAStartOutlastsTheAgentsEnd(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	f := &fake{start: func(call context.Context) error {
		end()
		select {
		case <-call.Done():
			return call.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if _, bounded := call.Deadline(); !bounded {
			t.Error("nothing bounds a start")
		}
		return nil
	}}
	m, rt := f.connected(t)
	if err := m.begin(ctx, rt, runtime.ContainerID{Pod: "uid", Name: "main"}, "main"); err != nil {
		t.Errorf("it was cut off: %v", err)
	}
}
