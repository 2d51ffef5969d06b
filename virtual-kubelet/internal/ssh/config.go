// Package ssh runs pods on a device that is reached by SSH: a container is a process there. The device needs a POSIX shell and
// some BusyBox applets (docs/virtual-nodes/ssh-device.md); what is known of a pod lies on the device alone.
package ssh

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Config is the provider's provider.yaml. A path that is not absolute is meant from that file's directory.
type Config struct {
	Hop
	// Directory on the device that holds everything of its pods, absolute.
	// Default: /var/lib/pulumi-kubeadm-device for root, $HOME/.pulumi-kubeadm for others.
	Directory string   `json:"directory,omitempty"`
	Logs      Logs     `json:"logs,omitempty"`
	Timeouts  Timeouts `json:"timeouts,omitempty"`
}

// Hop is a machine to log in to: the device, or a jump host on the way.
type Hop struct {
	// Host is a name or an address.
	Host string `json:"host"`
	// Port is 22 by default.
	Port int `json:"port,omitempty"`
	// User is root by default.
	User string `json:"user,omitempty"`
	// PrivateKeyFile is a key in a format of OpenSSH or PEM; PrivateKeyPassphraseFile what it is encrypted with.
	PrivateKeyFile           string `json:"privateKeyFile,omitempty"`
	PrivateKeyPassphraseFile string `json:"privateKeyPassphraseFile,omitempty"`
	// PasswordFile is used for password and keyboard-interactive authentication. A line break at its end does not count.
	PasswordFile string `json:"passwordFile,omitempty"`
	// KnownHostsFile is in OpenSSH's format. The host's key has to be in it: none is ever accepted unseen.
	KnownHostsFile string `json:"knownHostsFile"`
	// Proxy is the jump host that reaches this one, which may have one of its own.
	Proxy *Hop `json:"proxy,omitempty"`
}

// Logs says how much of each container's log is kept on the device.
type Logs struct {
	// MaxSize of one file, 10Mi by default.
	MaxSize resource.Quantity `json:"maxSize,omitempty"`
	// MaxFiles is 5 by default.
	MaxFiles int `json:"maxFiles,omitempty"`
}

// Timeouts are Go durations ("10s").
type Timeouts struct {
	// Dial is for the way to the device with all its hops, 10s by default.
	Dial metav1.Duration `json:"dial,omitempty"`
	// Call is for everything that is asked of the device, besides a container's grace, 30s by default.
	Call metav1.Duration `json:"call,omitempty"`
}

func loadConfig(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	config := &Config{}
	if err := yaml.UnmarshalStrict(text, config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	config.complete(filepath.Dir(file))
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return config, nil
}

func (c *Config) complete(directory string) {
	for hop := &c.Hop; hop != nil; hop = hop.Proxy {
		if hop.Port == 0 {
			hop.Port = 22
		}
		if hop.User == "" {
			hop.User = "root"
		}
		for _, path := range []*string{&hop.PrivateKeyFile, &hop.PrivateKeyPassphraseFile, &hop.PasswordFile, &hop.KnownHostsFile} {
			if *path != "" && !filepath.IsAbs(*path) {
				*path = filepath.Join(directory, *path)
			}
		}
	}
	if c.Directory != "" {
		c.Directory = filepath.Clean(c.Directory)
	}
	if c.Logs.MaxSize.IsZero() {
		c.Logs.MaxSize = resource.MustParse("10Mi")
	}
	if c.Logs.MaxFiles == 0 {
		c.Logs.MaxFiles = 5
	}
	if c.Timeouts.Dial.Duration == 0 {
		c.Timeouts.Dial.Duration = 10 * time.Second
	}
	if c.Timeouts.Call.Duration == 0 {
		c.Timeouts.Call.Duration = 30 * time.Second
	}
}

func (c *Config) check() error {
	name := ""
	for hop := &c.Hop; hop != nil; hop = hop.Proxy {
		if err := hop.check(); err != nil {
			return fmt.Errorf("%s%w", name, err)
		}
		name += "proxy."
	}
	switch {
	case c.Directory != "" && (!filepath.IsAbs(c.Directory) || filepath.Clean(c.Directory) == "/" || strings.ContainsAny(c.Directory, "\n")):
		return fmt.Errorf("directory: %q is not the absolute path of a directory of its own", c.Directory)
	case c.Logs.MaxSize.Value() < 4096:
		return fmt.Errorf("logs.maxSize: %s is less than 4Ki", c.Logs.MaxSize.String())
	case c.Logs.MaxFiles < 1:
		return fmt.Errorf("logs.maxFiles: %d is less than 1", c.Logs.MaxFiles)
	case c.Timeouts.Dial.Duration < 0 || c.Timeouts.Call.Duration < 0:
		return fmt.Errorf("timeouts: must not be negative")
	}
	return nil
}

func (h *Hop) check() error {
	switch {
	case h.Host == "":
		return fmt.Errorf("host: is needed")
	case h.Port < 1 || h.Port > 65535:
		return fmt.Errorf("port: %d is none", h.Port)
	case h.KnownHostsFile == "":
		return fmt.Errorf("knownHostsFile: is needed; `ssh-keyscan %s` prints what belongs into it, to be compared with the host's own", h.Host)
	case h.PrivateKeyFile == "" && h.PasswordFile == "":
		return fmt.Errorf("privateKeyFile or passwordFile: one of them is needed")
	case h.PrivateKeyPassphraseFile != "" && h.PrivateKeyFile == "":
		return fmt.Errorf("privateKeyPassphraseFile: there is no privateKeyFile")
	}
	_, err := h.clientConfig()
	return err
}
