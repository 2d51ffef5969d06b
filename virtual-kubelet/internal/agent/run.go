package agent

import (
	"context"
	"errors"
	"net"
	"strconv"

	"pulumi-kubeadm/virtual-kubelet/internal/certificates"
	"pulumi-kubeadm/virtual-kubelet/internal/node"
	"pulumi-kubeadm/virtual-kubelet/internal/serving"
)

func (a *Agent) workers() int {
	if len(a.members) > 1 {
		return 1
	}
	return workers
}

// Run works until ctx ends. What the nodes' pods run at their places goes on after it.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	handler, err := a.certify(ctx)
	if err != nil {
		return err
	}
	address := net.JoinHostPort(a.config.Address, strconv.Itoa(int(a.config.Port)))
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return handler.Listen(ctx, address) },
		a.serveHealth,
	}
	for _, m := range a.members {
		parts = append(parts, m.run)
	}
	go trim(ctx)
	a.log.Info("the agent runs", "nodes", len(a.members), "provider", a.options.Provider, "address", address, "version", node.Version)
	failures := make(chan error, len(parts))
	for _, part := range parts {
		go func() { failures <- part(ctx) }()
	}
	var all []error
	for range parts {
		all = append(all, <-failures)
		cancel()
	}
	return errors.Join(all...)
}

// certify renews the client certificates, gets the serving one, and makes the handler of what is served.
func (a *Agent) certify(ctx context.Context) (*serving.Server, error) {
	var nodes []serving.Node
	for _, m := range a.members {
		if a.rest.CertFile != "" {
			client, err := certificates.Client(ctx, m.name, a.certDir(m.name), m.api)
			if err != nil {
				return nil, err
			}
			client.Start()
		}
		nodes = append(nodes, serving.Node{Name: m.name, Pods: m.place, Lister: m.lister})
	}
	// All nodes have the address of this machine, so one certificate serves them all.
	first := a.members[0]
	var err error
	if a.serving, err = certificates.Serving(ctx, first.name, a.config.Address, a.certDir(first.name), first.api); err != nil {
		return nil, err
	}
	a.serving.Start()
	return serving.New(serving.Config{
		Nodes: nodes, API: first.api, ClientCAFile: a.config.ClientCAFile, GetCertificate: certificates.GetCertificate(a.serving), Log: a.log,
	}), nil
}
