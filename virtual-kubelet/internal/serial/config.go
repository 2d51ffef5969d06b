// Package serial runs pods on a device on a serial line, by the protocol in docs/virtual-nodes/serial-protocol.md.
package serial

import (
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/line"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// Config is the provider's provider.yaml.
//
//	device: /dev/ttyUSB0
//	baud: 9600
type Config struct {
	line.Settings
	// MaxLine bounds frames, in bytes: shorter ones are less likely to be hit by noise, and let others have their turn sooner.
	// Default: what half a second takes, between 512 and 4096; the device's own limit holds too.
	MaxLine int `json:"maxLine,omitempty"`
	// Timeout is how long the device may take for an answer, beside the time that the bytes are on the line. Default: 1s.
	Timeout metav1.Duration `json:"timeout,omitempty"`
	// Retries is how often a request without an answer is sent again before the device counts as unreachable. Default: 4.
	Retries *int `json:"retries,omitempty"`
	// PollInterval is how often the device is asked whether something has changed. Default: 1s.
	PollInterval metav1.Duration `json:"pollInterval,omitempty"`
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
	config.complete()
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return config, nil
}

func (c *Config) complete() {
	c.Settings.Complete()
	if c.MaxLine == 0 && c.Baud > 0 {
		perByte := max(c.Takes(1), 1)
		c.MaxLine = min(max(int(time.Second/2/perByte), protocol.MinLine), 4096)
	}
	if c.Timeout.Duration == 0 {
		c.Timeout.Duration = time.Second
	}
	if c.Retries == nil {
		standard := 4
		c.Retries = &standard
	}
	if c.PollInterval.Duration == 0 {
		c.PollInterval.Duration = time.Second
	}
}

func (c *Config) check() error {
	if err := c.Settings.Check(); err != nil {
		return err
	}
	switch {
	case c.MaxLine < protocol.MinLine || c.MaxLine > protocol.MaxLine:
		return fmt.Errorf("maxLine: %d is not between %d and %d", c.MaxLine, protocol.MinLine, protocol.MaxLine)
	case c.Timeout.Duration < 10*time.Millisecond || c.Timeout.Duration > time.Minute:
		return fmt.Errorf("timeout: %s is not between 10ms and 1m", c.Timeout.Duration)
	case *c.Retries < 0 || *c.Retries > 100:
		return fmt.Errorf("retries: %d is not between 0 and 100", *c.Retries)
	case c.PollInterval.Duration < 10*time.Millisecond || c.PollInterval.Duration > 10*time.Second:
		return fmt.Errorf("pollInterval: %s is not between 10ms and 10s", c.PollInterval.Duration)
	}
	return nil
}
