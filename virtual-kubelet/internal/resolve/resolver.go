// Package resolve turns what a pod refers to into values: environment, files of volumes, pull secrets. It reads single objects,
// the ones that the pods of this node name, because a node has no right to more.
package resolve

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
)

// MaxAge is how old a ConfigMap or Secret may be that pods get to see; pods that start together share one read.
const MaxAge = 20 * time.Second

// Host is what the node contributes to a pod's values.
type Host struct {
	// Address is a pod's status.hostIP.
	Address string
	// Allocatable bounds resources that a container does not limit.
	Allocatable corev1.ResourceList
	// APIHost and APIPort are where the agent reaches the API server: service addresses mean nothing where no kube-proxy runs.
	APIHost, APIPort string
}

// Resolver reads for the pods of one node.
type Resolver struct {
	client kubernetes.Interface
	events record.EventRecorder
	clock  clock.PassiveClock
	host   Host

	mu      sync.Mutex
	objects map[key]*object
	tokens  map[tokenKey]*token
}

type key struct{ kind, namespace, name string }

type object struct {
	data   map[string][]byte
	typ    corev1.SecretType
	err    error
	readAt time.Time
}

// New makes a Resolver; client has a node's rights.
func New(client kubernetes.Interface, events record.EventRecorder, clock clock.PassiveClock, host Host) *Resolver {
	return &Resolver{
		client: client, events: events, clock: clock, host: host,
		objects: map[key]*object{}, tokens: map[tokenKey]*token{},
	}
}

// Forget drops what was kept for a pod that is gone.
func (r *Resolver) Forget(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.tokens {
		if k.pod == uid {
			delete(r.tokens, k)
		}
	}
}

// Sweep drops objects that were read long ago; to be called now and then.
func (r *Resolver) Sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, o := range r.objects {
		if r.clock.Since(o.readAt) > MaxAge {
			delete(r.objects, k)
		}
	}
}

func (r *Resolver) configMap(ctx context.Context, namespace, name string) (*object, error) {
	return r.read(key{"configmap", namespace, name}, func() (*object, error) {
		m, err := r.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		data := make(map[string][]byte, len(m.Data)+len(m.BinaryData))
		for k, v := range m.Data {
			data[k] = []byte(v)
		}
		for k, v := range m.BinaryData {
			data[k] = v
		}
		return &object{data: data}, nil
	})
}

func (r *Resolver) secret(ctx context.Context, namespace, name string) (*object, error) {
	return r.read(key{"secret", namespace, name}, func() (*object, error) {
		s, err := r.client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return &object{data: s.Data, typ: s.Type}, nil
	})
}

// read answers from what was read lately, absence included; other failures are not kept.
func (r *Resolver) read(k key, get func() (*object, error)) (*object, error) {
	r.mu.Lock()
	kept := r.objects[k]
	r.mu.Unlock()
	// An absent object is asked for again soon: somebody may be about to create it.
	if kept != nil && (kept.err == nil && r.clock.Since(kept.readAt) < MaxAge || kept.err != nil && r.clock.Since(kept.readAt) < time.Second) {
		return kept, kept.err
	}
	o, err := get()
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	if o == nil {
		o = &object{err: err}
	}
	o.readAt = r.clock.Now()
	r.mu.Lock()
	r.objects[k] = o
	r.mu.Unlock()
	return o, o.err
}
