// Package cri runs pods on the agent's own machine, over the CRI v1 socket of a container runtime that no kubelet uses: sandboxes, images
// and containers are the runtime's, volumes and logs lie in a directory of the node's own. What belongs to the node is known by a label;
// nothing else that the runtime has is touched.
package cri

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// Config is the provider's provider.yaml.
type Config struct {
	// Socket of the runtime. Default: /run/containerd/containerd.sock.
	Socket string `json:"socket,omitempty"`
	// Directory keeps volumes and logs of the node's pods, absolute. Default: /var/lib/pulumi-virtual-kubelet/NODENAME.
	Directory string `json:"directory,omitempty"`
	// Logs says how much of each container's log is kept.
	Logs Logs `json:"logs,omitempty"`
}

// Logs says how much of each container's log is kept.
type Logs struct {
	// MaxSize of one file, 10Mi by default. It is looked at every second.
	MaxSize resource.Quantity `json:"maxSize,omitempty"`
	// MaxFiles is 5 by default.
	MaxFiles int `json:"maxFiles,omitempty"`
}

// kubeletFiles are what a kubelet that kubeadm set up has on its machine.
var kubeletFiles = []string{"/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/config.yaml"}

func loadConfig(file, nodeName string) (*Config, error) {
	config := &Config{}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := yaml.UnmarshalStrict(text, config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	config.complete(nodeName)
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return config, nil
}

func (c *Config) complete(nodeName string) {
	if c.Socket == "" {
		c.Socket = "/run/containerd/containerd.sock"
	}
	if c.Directory == "" {
		c.Directory = filepath.Join("/var/lib/pulumi-virtual-kubelet", nodeName)
	}
	if c.Logs.MaxSize.IsZero() {
		c.Logs.MaxSize = resource.MustParse("10Mi")
	}
	if c.Logs.MaxFiles == 0 {
		c.Logs.MaxFiles = 5
	}
}

func (c *Config) check() error {
	switch {
	case !filepath.IsAbs(c.Socket):
		return fmt.Errorf("socket: %q is not an absolute path", c.Socket)
	case !filepath.IsAbs(c.Directory) || filepath.Clean(c.Directory) == "/" || strings.Contains(c.Directory, "\n"):
		return fmt.Errorf("directory: %q is not the absolute path of a directory of its own", c.Directory)
	case c.Logs.MaxSize.Value() < 4096:
		return fmt.Errorf("logs.maxSize: %s is less than 4Ki", c.Logs.MaxSize.String())
	case c.Logs.MaxFiles < 1:
		return fmt.Errorf("logs.maxFiles: %d is less than 1", c.Logs.MaxFiles)
	}
	return nil
}

// refuseKubelet keeps off a machine whose runtime belongs to a kubelet: that one ends whatever sandbox it does not know.
func refuseKubelet(files []string) error {
	for _, file := range files {
		// A directory that is hidden from the agent is no sign of a kubelet.
		if _, err := os.Stat(file); err == nil {
			return fmt.Errorf("there is a kubelet on this machine (%s), which has the container runtime for itself", file)
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}
