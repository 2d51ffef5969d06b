package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// lookInterval is how often the cluster is asked whether it answers, and every pod is looked at.
	lookInterval = 10 * time.Second
	// lookTimeout bounds one look; two in a row have to fail before the cluster counts as unreachable. Together under 40 seconds.
	lookTimeout = 10 * time.Second
	// lookAgain is the wait after a look that failed.
	lookAgain = 2 * time.Second
	// firstLookTimeout is what an agent's start waits for a cluster that does not answer.
	firstLookTimeout = 5 * time.Second
)

// lookLoop asks the cluster again and again.
func (p *Place) lookLoop(ctx context.Context) {
	for ctx.Err() == nil {
		wait := lookAgain
		if p.lookOnce(ctx) {
			wait = lookInterval
		}
		p.kickAll()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (p *Place) lookOnce(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	capacity, err := p.ask(bounded)
	if errors.Is(ctx.Err(), context.Canceled) {
		return true
	}
	p.mu.Lock()
	was := p.away()
	p.lastLook = time.Now()
	other := false
	if err != nil {
		p.failures++
		p.failure = err
	} else {
		other = !equality.Semantic.DeepEqual(p.capacity, capacity)
		p.answers, p.failures, p.failure, p.capacity = true, 0, nil, capacity
	}
	now := p.away()
	p.mu.Unlock()
	if was != now {
		p.log.Warn("the other cluster changed its reachability", "reachable", !now, "error", err)
	}
	if was != now || other {
		signal(p.changed)
	}
	return err == nil
}

// ask makes sure that the namespace is there and that the credentials are good for what the node needs.
func (p *Place) ask(ctx context.Context) (corev1.ResourceList, error) {
	if _, err := p.api.CoreV1().Namespaces().Get(ctx, p.namespace, metav1.GetOptions{}); err != nil && !apierrors.IsForbidden(err) {
		return nil, p.failed("looking at its namespace", err)
	}
	one := metav1.ListOptions{LabelSelector: p.own.String(), Limit: 1}
	if _, err := p.api.CoreV1().Pods(p.namespace).List(ctx, one); err != nil {
		return nil, p.failed("listing pods", err)
	}
	if _, err := p.api.CoreV1().ConfigMaps(p.namespace).List(ctx, one); err != nil {
		return nil, p.failed("listing ConfigMaps", err)
	}
	if _, err := p.api.CoreV1().Secrets(p.namespace).List(ctx, one); err != nil {
		return nil, p.failed("listing Secrets", err)
	}
	return p.available(ctx)
}

// failed says where what failed; one that did not answer is ErrUnreachable.
func (p *Place) failed(what string, err error) error {
	where := fmt.Sprintf("cluster %s, namespace %s: %s", p.config.Host, p.namespace, what)
	switch {
	case err == nil:
		return nil
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: the credentials are not accepted: %w", where, err)
	case answered(err):
		return fmt.Errorf("%s: %w", where, err)
	}
	return fmt.Errorf("%s: %w: %w", where, runtime.ErrUnreachable, err)
}

// answered says whether an error is the other API's own word.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// Reachable is nil as long as the cluster answers and lets the node work.
func (p *Place) Reachable() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away() {
		return p.failure
	}
	return nil
}

// away says whether the cluster counts as unreachable: one failure says so of a cluster that never answered. Call with mu held.
func (p *Place) away() bool { return p.failures >= 2 || p.failures == 1 && !p.answers }

// Changed yields a value when Reachable or Capacity tells something new.
func (p *Place) Changed() <-chan struct{} { return p.changed }

// LastLook is when the loop last came round, whatever the cluster answered.
func (p *Place) LastLook() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastLook
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
