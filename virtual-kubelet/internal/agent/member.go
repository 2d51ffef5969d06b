package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	vknode "github.com/virtual-kubelet/virtual-kubelet/node"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"pulumi-kubeadm/virtual-kubelet/internal/lifecycle"
	"pulumi-kubeadm/virtual-kubelet/internal/node"
	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// A handler only takes note of a pod, so a few workers do; an agent of many nodes gets one for each.
	workers = 4
	// retryFirst and retryLast bound the wait of what the library tries again, which it does for ever.
	retryFirst, retryLast = 5 * time.Millisecond, 10 * time.Second
	// stuckAfter is when a loop that did not come round counts as hanging.
	stuckAfter = 3 * time.Minute
)

// member is one node of the agent.
type member struct {
	agent    *Agent
	name     string
	api      kubernetes.Interface
	log      *slog.Logger
	informer cache.SharedIndexInformer
	lister   corelisters.PodLister
	events   record.EventBroadcaster
	pods     *podClient
	place    runtime.Pods
	node     *node.Controller
	podCtrl  *vknode.PodController
}

func (a *Agent) newMember(ctx context.Context, name string, api kubernetes.Interface, host resolve.Host) (*member, error) {
	m := &member{agent: a, name: name, api: api, log: a.log.With("node", name)}
	var err error
	if m.informer, err = newPodInformer(api, name); err != nil {
		return nil, err
	}
	m.lister = corelisters.NewPodLister(m.informer.GetIndexer())
	m.pods = newPodClient(api, m.lister)
	if _, err = m.informer.AddEventHandler(m.pods.leavers()); err != nil {
		return nil, err
	}
	m.events = record.NewBroadcaster(record.WithContext(ctx))
	events := recorder{m.events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "virtual-kubelet", Host: name})}
	home := m.home(m.informer, events, host)
	if a.provider.whole != nil {
		m.place, err = a.provider.whole(ctx, a.options.ProviderConfig, home)
	} else {
		var rt runtime.Runtime
		if rt, err = a.provider.open(ctx, a.options.ProviderConfig, name); err == nil {
			m.place = lifecycle.New(rt, home, lifecycle.Options{Provider: a.options.Provider, Clock: clock.RealClock{}, Log: m.log, Host: host})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("provider %s of node %s: %w", a.options.Provider, name, err)
	}
	m.node = node.New(node.Object(name, a.options.Provider, a.config), api, m.place, m.alive, m.log)
	m.podCtrl, err = vknode.NewPodController(vknode.PodControllerConfig{
		PodClient: m.pods, PodInformer: libraryPods{m.informer}, EventRecorder: events, Provider: m.place,
		ConfigMapInformer: noConfigMaps{}, SecretInformer: noSecrets{}, ServiceInformer: noServices{},
		SyncPodsFromKubernetesRateLimiter: limiter(), SyncPodsFromKubernetesShouldRetryFunc: always,
		DeletePodsFromKubernetesRateLimiter: limiter(), DeletePodsFromKubernetesShouldRetryFunc: always,
		SyncPodStatusFromProviderRateLimiter: limiter(), SyncPodStatusFromProviderShouldRetryFunc: always,
	})
	return m, err
}

func limiter() workqueue.TypedRateLimiter[any] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[any](retryFirst, retryLast)
}

// always tries again: what failed for as long as the API was away is not to be forgotten.
func always(context.Context, string, int, time.Time, error) (*time.Duration, error) { return nil, nil }

// run works until ctx ends or a part of it gives up.
func (m *member) run(ctx context.Context) error {
	ctx = withLog(ctx, m.log)
	m.events.StartRecordingToSink(&corev1client.EventSinkImpl{Interface: m.api.CoreV1().Events("")})
	defer m.events.Shutdown()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := []func(context.Context) error{
		func(ctx context.Context) error { m.informer.RunWithContext(ctx); return nil },
		m.place.Run,
		func(ctx context.Context) error { m.settle(ctx); return m.node.Run(ctx) },
		func(ctx context.Context) error { return m.podCtrl.Run(ctx, m.agent.workers()) },
	}
	failures := make(chan error, len(parts))
	for _, part := range parts {
		go func() { failures <- part(ctx) }()
	}
	var all []error
	for range parts {
		// One part without the others is no node.
		if err := <-failures; err != nil && ctx.Err() == nil {
			all = append(all, fmt.Errorf("node %s: %w", m.name, err))
		}
		cancel()
	}
	return errors.Join(all...)
}

// settle waits until it is known whether the place answers: a node that registers before is Ready by nobody's word, and who waits for
// that word (a program, a scheduler) would take it.
func (m *member) settle(ctx context.Context) {
	place, ok := m.place.(interface{ Settled() <-chan struct{} })
	if !ok {
		return
	}
	select {
	case <-place.Settled():
	case <-ctx.Done():
	}
}

// alive is the answer to Ping: it is about the agent, not about the place.
func (m *member) alive() error {
	if looper, ok := m.place.(interface{ LastLook() time.Time }); ok {
		if last := looper.LastLook(); !last.IsZero() && time.Since(last) > stuckAfter {
			return fmt.Errorf("the loop of node %s hangs since %s", m.name, last.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// ready says what is missing.
func (m *member) ready() error {
	switch {
	case !m.informer.HasSynced():
		return fmt.Errorf("node %s: its pods were not read from the API yet", m.name)
	case !m.node.Registered():
		return fmt.Errorf("node %s is not registered yet", m.name)
	}
	return m.alive()
}
