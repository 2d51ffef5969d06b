package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"pulumi-kubeadm/virtual-kubelet/internal/cluster"
	"pulumi-kubeadm/virtual-kubelet/internal/cri"
	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial"
	"pulumi-kubeadm/virtual-kubelet/internal/simulated"
	"pulumi-kubeadm/virtual-kubelet/internal/ssh"
)

// provider is a kind of place. One of open and whole is set.
type provider struct {
	// open makes a place that runs containers, of which package lifecycle makes pods.
	open func(ctx context.Context, configFile, nodeName string) (runtime.Runtime, error)
	// whole makes a place that runs whole pods, and clean ends all of a node's there.
	whole func(ctx context.Context, configFile string, home runtime.Home) (runtime.Pods, error)
	clean func(ctx context.Context, configFile, nodeName string) error
	// nodes are the names of the agent's nodes; nil: the agent's own alone.
	nodes func(configFile, nodeName string) ([]string, error)
}

// providers by the name that `--provider` takes.
var providers = map[string]provider{
	"cluster":   {whole: cluster.New, clean: cluster.Clean},
	"cri":       {open: cri.New},
	"serial":    {open: serial.New},
	"ssh":       {open: ssh.New},
	"simulated": {open: simulated.New, nodes: simulatedNodes},
}

func providerOf(name string) (provider, error) {
	p, ok := providers[name]
	if !ok {
		return p, fmt.Errorf("--provider is %q and has to be one of %s", name, strings.Join(slices.Sorted(maps.Keys(providers)), ", "))
	}
	return p, nil
}

// names are those of the agent's nodes.
func (p provider) names(configFile, nodeName string) ([]string, error) {
	if p.nodes == nil {
		return []string{nodeName}, nil
	}
	return p.nodes(configFile, nodeName)
}

func simulatedNodes(configFile, nodeName string) ([]string, error) {
	config, err := simulated.Read(configFile)
	if err != nil || config.Nodes == 0 {
		return []string{nodeName}, err
	}
	names := make([]string, config.Nodes)
	for i := range names {
		names[i] = nodeName + "-" + strconv.Itoa(i)
	}
	return names, nil
}

// Clean ends everything that a node's pods have at its place, for an agent that goes for good.
func Clean(ctx context.Context, providerName, configFile, nodeName string) error {
	p, err := providerOf(providerName)
	if err != nil {
		return err
	}
	names, err := p.names(configFile, nodeName)
	if err != nil {
		return err
	}
	var failures []error
	for _, name := range names {
		if p.clean != nil {
			failures = append(failures, p.clean(ctx, configFile, name))
			continue
		}
		rt, err := p.open(ctx, configFile, name)
		if err == nil {
			err = cleanRuntime(ctx, rt)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

func cleanRuntime(ctx context.Context, rt runtime.Runtime) error {
	pods, err := rt.Observe(ctx)
	if err != nil {
		return err
	}
	for _, p := range pods {
		if err := rt.RemovePod(ctx, p.UID); err != nil {
			return fmt.Errorf("pod %s/%s: %w", p.Namespace, p.Name, err)
		}
	}
	if cleaner, ok := rt.(runtime.Cleaner); ok {
		return cleaner.Clean(ctx)
	}
	return nil
}

// home is what a node's place may use of the cluster.
func (m *member) home(informer cache.SharedIndexInformer, events record.EventRecorder, host resolve.Host) runtime.Home {
	return runtime.Home{
		NodeName: m.name, NodeAddress: m.agent.config.Address, APIHost: host.APIHost, APIPort: host.APIPort, Client: m.api,
		Pods: corelisters.NewPodLister(informer.GetIndexer()), HasSynced: informer.HasSynced, Events: events, Finish: m.pods.finish,
	}
}

var everything = labels.Everything()
