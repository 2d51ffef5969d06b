package cri

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"k8s.io/apimachinery/pkg/types"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// What belongs to a node's pods bears these labels. Those of pods and containers are a kubelet's, so that crictl shows them.
const (
	labelNode      = "virtual-kubelet.io/node"
	labelInit      = "virtual-kubelet.io/init"
	labelPodName   = "io.kubernetes.pod.name"
	labelNamespace = "io.kubernetes.pod.namespace"
	labelPod       = "io.kubernetes.pod.uid"
	labelContainer = "io.kubernetes.container.name"
	// annotationImage is the image's name as the pod has it.
	annotationImage = "virtual-kubelet.io/image"
)

// own selects what belongs to the node, or to one of its pods.
func (m *machine) own(uid types.UID) map[string]string {
	labels := map[string]string{labelNode: m.nodeName}
	if uid != "" {
		labels[labelPod] = string(uid)
	}
	return labels
}

func (m *machine) podLabels(pod runtime.PodSpec) map[string]string {
	labels := m.own(pod.Pod.UID)
	labels[labelPodName], labels[labelNamespace] = pod.Pod.Name, pod.Pod.Namespace
	return labels
}

func (m *machine) containerLabels(pod runtime.PodSpec, c runtime.ContainerSpec) map[string]string {
	labels := m.podLabels(pod)
	labels[labelContainer], labels[labelInit] = c.Container.Name, strconv.FormatBool(c.Init)
	return labels
}

// attempts are all containers that were made of one of a pod's containers.
func (m *machine) attempts(ctx context.Context, rt *services, uid types.UID, name string) ([]*runtimeapi.Container, error) {
	labels := m.own(uid)
	labels[labelContainer] = name
	found, err := rt.ListContainers(ctx, &runtimeapi.ContainerFilter{LabelSelector: labels})
	if err != nil {
		return nil, failed(err)
	}
	return found, nil
}

// find is the container of an attempt, nil when there is none.
func (m *machine) find(ctx context.Context, rt *services, id runtime.ContainerID) (*runtimeapi.Container, error) {
	all, err := m.attempts(ctx, rt, id.Pod, id.Name)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.GetMetadata().GetAttempt() == uint32(id.Attempt) {
			return c, nil
		}
	}
	return nil, nil
}

// running is the container of an attempt that runs.
func (m *machine) running(ctx context.Context, rt *services, id runtime.ContainerID) (*runtimeapi.Container, error) {
	c, err := m.find(ctx, rt, id)
	if err != nil {
		return nil, err
	}
	if c == nil || c.GetState() != runtimeapi.ContainerState_CONTAINER_RUNNING {
		return nil, fmt.Errorf("%w: container %s does not run", runtime.ErrNotFound, id.Name)
	}
	return c, nil
}

// Paths of a pod on the machine.

func (m *machine) podsDirectory() string { return filepath.Join(m.config.Directory, "pods") }

func (m *machine) podDirectory(uid types.UID) string {
	return filepath.Join(m.podsDirectory(), string(uid))
}

func (m *machine) volumeDirectory(uid types.UID, name string) string {
	return filepath.Join(m.podDirectory(uid), "volumes", name)
}

func (m *machine) logDirectory(uid types.UID) string {
	return filepath.Join(m.podDirectory(uid), "logs")
}

// logName is a container's log below the pod's directory of logs.
func logName(name string, attempt int) string {
	return filepath.Join(name, strconv.Itoa(attempt)+".log")
}

func (m *machine) logPath(id runtime.ContainerID) string {
	return filepath.Join(m.logDirectory(id.Pod), logName(id.Name, id.Attempt))
}

// attemptDirectory is there from before an attempt is made until it is forgotten.
func (m *machine) attemptDirectory(id runtime.ContainerID) string {
	return filepath.Join(m.podDirectory(id.Pod), "containers", id.Name, strconv.Itoa(id.Attempt))
}

func (m *machine) messagePath(id runtime.ContainerID) string {
	return filepath.Join(m.attemptDirectory(id), "termination-log")
}

// idOf is the attempt that a container is.
func idOf(c *runtimeapi.Container) runtime.ContainerID {
	return runtime.ContainerID{Pod: types.UID(c.GetLabels()[labelPod]), Name: c.GetMetadata().GetName(), Attempt: int(c.GetMetadata().GetAttempt())}
}
