// Package agent puts a node agent together: for each of its nodes the API of its pods, the place that runs them, its Node object and
// its certificates; and for all of them one listener, one address for health and metrics, one log.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/certificate"

	"pulumi-kubeadm/virtual-kubelet/internal/certificates"
	"pulumi-kubeadm/virtual-kubelet/internal/node"
	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
)

// Options are the agent's flags.
type Options struct {
	// NodeName is --nodename.
	NodeName string
	// Provider is --provider, ProviderConfig its file.
	Provider, ProviderConfig string
	// Kubeconfig is --kubeconfig: how to reach the API, and the node's client certificate.
	Kubeconfig string
	// Config is --config: node.yaml.
	Config string
}

// Agent is all of its nodes.
type Agent struct {
	options  Options
	config   node.Config
	provider provider
	rest     *rest.Config
	log      *slog.Logger
	members  []*member
	serving  certificate.Manager
}

// noLimit: how much is asked at once is bounded by how many pods are handled at once, and the API server has its own fairness. With a
// kubelet's limit 100 pods that come together would wait for each other's tokens, statuses and events.
const noLimit = -1

// New reads the files and makes the parts; nothing runs yet.
func New(ctx context.Context, o Options, log *slog.Logger) (*Agent, error) {
	a := &Agent{options: o, log: log}
	var err error
	if a.provider, err = providerOf(o.Provider); err != nil {
		return nil, err
	}
	if a.config, err = node.ReadConfig(o.Config); err != nil {
		return nil, err
	}
	if a.rest, err = clientcmd.BuildConfigFromFlags("", o.Kubeconfig); err != nil {
		return nil, fmt.Errorf("--kubeconfig %s: %w", o.Kubeconfig, err)
	}
	a.rest.QPS = noLimit
	a.rest.UserAgent = "pulumi-virtual-kubelet/" + node.Version
	a.rest.ContentType, a.rest.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json"
	if a.config.CertDir == "" {
		if a.rest.CertFile == "" {
			return nil, errors.New("node.yaml says no certDir, and the kubeconfig names no file of a client certificate")
		}
		a.config.CertDir = filepath.Dir(a.rest.CertFile)
	}
	names, err := a.provider.names(o.ProviderConfig, o.NodeName)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := a.add(ctx, name); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// certDir is where a node's certificates are: each node of several has a directory of its own.
func (a *Agent) certDir(name string) string {
	if name == a.options.NodeName {
		return a.config.CertDir
	}
	return filepath.Join(a.config.CertDir, name)
}

func (a *Agent) add(ctx context.Context, name string) error {
	config := rest.CopyConfig(a.rest)
	if name != a.options.NodeName {
		config.CertFile, config.KeyFile = certificates.Current(a.certDir(name)), certificates.Current(a.certDir(name))
		config.CertData, config.KeyData = nil, nil
	}
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("node %s: %w", name, err)
	}
	m, err := a.newMember(ctx, name, api, a.host())
	if err != nil {
		return err
	}
	a.members = append(a.members, m)
	return nil
}

func (a *Agent) host() resolve.Host {
	h := resolve.Host{Address: a.config.Address, Allocatable: a.config.Allocatable, APIHost: a.rest.Host, APIPort: "443"}
	if u, err := url.Parse(a.rest.Host); err == nil && u.Hostname() != "" {
		h.APIHost = u.Hostname()
		if u.Port() != "" {
			h.APIPort = u.Port()
		}
	}
	return h
}
