package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// A device that answers nothing is known as lost after both together.
const (
	keepaliveInterval = 4 * time.Second
	keepaliveTimeout  = 8 * time.Second
)

var errSilent = errors.New("the device did not answer")

// connection is a way to the device, with all its hops; closed once it is known to be dead.
type connection struct {
	*ssh.Client
	hops []*ssh.Client
	// closed ends when the connection has; cause says why, and is to be read after it.
	closed chan struct{}
	cause  error
}

func (h *Hop) address() string { return net.JoinHostPort(h.Host, strconv.Itoa(h.Port)) }

// clientConfig reads the credentials anew each time, so that replaced files count.
func (h *Hop) clientConfig() (*ssh.ClientConfig, error) {
	known, err := knownhosts.NewDB(h.KnownHostsFile)
	if err != nil {
		return nil, fmt.Errorf("knownHostsFile: %w", err)
	}
	config := &ssh.ClientConfig{User: h.User, HostKeyCallback: known.HostKeyCallback(), HostKeyAlgorithms: known.HostKeyAlgorithms(h.address())}
	if h.PrivateKeyFile != "" {
		signer, err := h.signer()
		if err != nil {
			return nil, fmt.Errorf("privateKeyFile %s: %w", h.PrivateKeyFile, err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if h.PasswordFile != "" {
		text, err := os.ReadFile(h.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("passwordFile: %w", err)
		}
		password := strings.TrimRight(string(text), "\r\n")
		answer := func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = password
			}
			return answers, nil
		}
		config.Auth = append(config.Auth, ssh.Password(password), ssh.KeyboardInteractive(answer))
	}
	return config, nil
}

func (h *Hop) signer() (ssh.Signer, error) {
	key, err := os.ReadFile(h.PrivateKeyFile)
	if err != nil {
		return nil, err
	}
	if h.PrivateKeyPassphraseFile == "" {
		return ssh.ParsePrivateKey(key)
	}
	passphrase, err := os.ReadFile(h.PrivateKeyPassphraseFile)
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKeyWithPassphrase(key, []byte(strings.TrimRight(string(passphrase), "\r\n")))
}

// dial goes the whole way, from the outermost proxy to the device.
func dial(ctx context.Context, device *Hop, timeout time.Duration) (*connection, error) {
	var way []*Hop
	configs := map[*Hop]*ssh.ClientConfig{}
	for hop := device; hop != nil; hop = hop.Proxy {
		config, err := hop.clientConfig()
		if err != nil {
			return nil, fmt.Errorf("%s@%s: %w", hop.User, hop.address(), err)
		}
		way, configs[hop] = append([]*Hop{hop}, way...), config
	}
	// From here on: to decrypt a key takes its time on a small machine.
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result := &connection{closed: make(chan struct{})}
	for _, hop := range way {
		client, err := result.hop(ctx, hop, configs[hop])
		if err != nil {
			result.closeHops()
			return nil, fmt.Errorf("%s@%s: %w", hop.User, hop.address(), explain(err, hop))
		}
		result.hops = append(result.hops, client)
	}
	result.Client = result.hops[len(result.hops)-1]
	go result.keepAlive()
	return result, nil
}

// hop logs in to the next machine, through the one before it.
func (c *connection) hop(ctx context.Context, hop *Hop, config *ssh.ClientConfig) (*ssh.Client, error) {
	var network net.Conn
	var err error
	if len(c.hops) == 0 {
		network, err = (&net.Dialer{}).DialContext(ctx, "tcp", hop.address())
	} else {
		network, err = c.hops[len(c.hops)-1].DialContext(ctx, "tcp", hop.address())
	}
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { network.Close() })
	conn, channels, requests, err := ssh.NewClientConn(network, hop.address(), config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		network.Close()
		return nil, errors.Join(err, ctx.Err())
	}
	return ssh.NewClient(conn, channels, requests), nil
}

// explain adds what can be done about it.
func explain(err error, hop *Hop) error {
	switch {
	case knownhosts.IsHostKeyChanged(err):
		return fmt.Errorf("the host shows another key than %s has for it: it was installed anew, or somebody stands in between: %w", hop.KnownHostsFile, err)
	case knownhosts.IsHostUnknown(err):
		return fmt.Errorf("%s has no key for this host: %w", hop.KnownHostsFile, err)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return fmt.Errorf("the host does not take these credentials: %w", err)
	}
	return err
}

// keepAlive asks for an answer again and again, and closes the connection when there is none.
func (c *connection) keepAlive() {
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	ticker := time.NewTicker(keepaliveInterval)
	defer ticker.Stop()
	for c.cause == nil {
		select {
		case err := <-ended:
			c.cause = errors.Join(errors.New("the connection ended"), err)
		case <-ticker.C:
			c.cause = c.ping(keepaliveTimeout)
		}
	}
	c.closeHops()
	close(c.closed)
}

func (c *connection) ping(timeout time.Duration) error {
	answer := make(chan error, 1)
	go func() {
		_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
		answer <- err
	}()
	select {
	case err := <-answer:
		return err
	case <-time.After(timeout):
		return fmt.Errorf("%w for %s", errSilent, timeout)
	}
}

// closeHops starts at the outermost: a dead inner one could not be told any more.
func (c *connection) closeHops() {
	for _, client := range c.hops {
		client.Close()
	}
}
