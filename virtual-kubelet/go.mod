module pulumi-kubeadm/virtual-kubelet

go 1.25.0

require github.com/virtual-kubelet/virtual-kubelet v1.11.0
