package simulated

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// course reads from the pod's annotations what becomes of a container that is started now.
func course(p *corev1.Pod, c runtime.ContainerSpec, now time.Time) (*attempt, error) {
	a := &attempt{Name: c.Container.Name, Init: c.Init, Attempt: c.Attempt, Image: c.Container.Image, Start: now}
	startAfter, _, err := duration(p, "start-after", a.Name)
	if err != nil {
		return nil, err
	}
	a.Start = now.Add(startAfter)
	runFor, bounded, err := duration(p, "run-for", a.Name)
	if err != nil {
		return nil, err
	}
	sidecar := c.Container.RestartPolicy != nil && *c.Container.RestartPolicy == corev1.ContainerRestartPolicyAlways
	if bounded || c.Init && !sidecar {
		end := a.Start.Add(runFor)
		a.End = &end
	}
	if a.StopAfter, _, err = duration(p, "stop-after", a.Name); err != nil {
		return nil, err
	}
	if text, key := annotation(p, "exit-code", a.Name); text != "" {
		if a.Code, err = strconv.Atoi(text); err != nil || a.Code < 0 || a.Code > 255 {
			return nil, fmt.Errorf("annotation %s is %q and has to be a number from 0 to 255", key, text)
		}
	}
	return a, nil
}

// annotation of the container, else of the pod (which says nothing about init containers).
func annotation(p *corev1.Pod, name, container string) (value, key string) {
	key = Prefix + name + "." + container
	if value, ok := p.Annotations[key]; ok {
		return value, key
	}
	for i := range p.Spec.InitContainers {
		if p.Spec.InitContainers[i].Name == container {
			return "", key
		}
	}
	key = Prefix + name
	return p.Annotations[key], key
}

func duration(p *corev1.Pod, name, container string) (time.Duration, bool, error) {
	text, key := annotation(p, name, container)
	if text == "" {
		return 0, false, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, false, fmt.Errorf("annotation %s is %q and has to be a duration such as 10s", key, text)
	}
	return d, true, nil
}

// address is one from the range for benchmarks (RFC 2544), always the same for a pod.
func address(uid types.UID) string {
	h := fnv.New32a()
	h.Write([]byte(uid))
	n := h.Sum32()
	return fmt.Sprintf("198.%d.%d.%d", 18+n>>16&1, n>>8&255, 1+n%254)
}
