package ssh

import (
	"testing"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime/contract"
)

// The shells are BusyBox's own, and another one that is no more than POSIX wants and has no applets built in: PATH alone counts there.
func TestContract(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what takes minutes")
	}
	for shell, pods := range map[string]int{"busybox": 100, "dash": 10} {
		t.Run(shell, func(t *testing.T) {
			l := newLab(t, shell)
			contract.Run(t, l.open, contract.Cut(l.cut, l.heal), contract.Many(pods))
		})
	}
}
