// Package node is the Node object of the agent: how it registers, and how it goes on telling the truth about itself.
package node

import (
	"fmt"
	"net"
	"os"
	goruntime "runtime"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Config is node.yaml. Unknown fields are an error; changes are taken up by a restart of the agent, which touches no pod.
type Config struct {
	// Capacity of the place, and Allocatable, what of it is for pods. Default of Allocatable: Capacity.
	Capacity    corev1.ResourceList `json:"capacity,omitempty"`
	Allocatable corev1.ResourceList `json:"allocatable,omitempty"`
	// Labels, Annotations and Taints are what the node registers with. Later changes are made through a control plane and stay.
	// Labels that a node may not give itself (NodeRestriction) are left out.
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Taints      []corev1.Taint    `json:"taints,omitempty"`
	// OS and Arch of the place. Default: linux, and the agent's own.
	OS   string `json:"os,omitempty"`
	Arch string `json:"arch,omitempty"`
	// Address is the node's InternalIP: where the agent listens and control planes reach it.
	Address string `json:"address"`
	// Port of the authenticated listener; default 10250.
	Port int32 `json:"port,omitempty"`
	// HealthPort on the loopback interface: /healthz, /readyz, /metrics. Default 10248; negative: none.
	HealthPort int32 `json:"healthPort,omitempty"`
	// ClientCAFile holds the authority of the clients' certificates (the API server's). Without it only tokens are taken.
	ClientCAFile string `json:"clientCAFile,omitempty"`
	// CertDir keeps the node's client and serving certificates. Default: the directory of the kubeconfig's client certificate.
	CertDir string `json:"certDir,omitempty"`
}

// ReadConfig reads node.yaml.
func ReadConfig(file string) (Config, error) {
	c := Config{OS: "linux", Arch: goruntime.GOARCH, Port: 10250, HealthPort: 10248}
	text, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	if net.ParseIP(c.Address) == nil {
		return c, fmt.Errorf("%s: address is %q and has to be the IP address at which control planes reach this machine", file, c.Address)
	}
	if c.Port <= 0 || c.Port > 65535 || c.HealthPort > 65535 {
		return c, fmt.Errorf("%s: port %d or healthPort %d is no port", file, c.Port, c.HealthPort)
	}
	if c.Allocatable == nil {
		c.Allocatable = c.Capacity
	}
	return c, nil
}
