package cri

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// maxMessage bounds a termination message, as the API does.
const maxMessage = 4096

// Observe lists sandboxes, containers and directories of the node; one of them is enough for a pod to be there.
func (m *machine) Observe(ctx context.Context) ([]runtime.PodState, error) {
	rt, err := m.runtime(ctx)
	if err != nil {
		return nil, err
	}
	sandboxes, err := rt.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{LabelSelector: m.own("")})
	if err != nil {
		return nil, failed(err)
	}
	containers, err := rt.ListContainers(ctx, &runtimeapi.ContainerFilter{LabelSelector: m.own("")})
	if err != nil {
		return nil, failed(err)
	}
	pods, err := m.directories()
	if err != nil {
		return nil, err
	}
	if err := m.addSandboxes(ctx, rt, pods, sandboxes); err != nil {
		return nil, err
	}
	if err := m.addContainers(ctx, rt, pods, containers); err != nil {
		return nil, err
	}
	m.keep(sandboxes, containers)
	out := make([]runtime.PodState, 0, len(pods))
	for _, pod := range pods {
		out = append(out, *pod)
	}
	return out, nil
}

// directories are pods of which perhaps nothing else is there: their end, or their begin, was cut off.
func (m *machine) directories() (map[types.UID]*runtime.PodState, error) {
	pods := map[types.UID]*runtime.PodState{}
	entries, err := os.ReadDir(m.podsDirectory())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		pods[types.UID(entry.Name())] = &runtime.PodState{UID: types.UID(entry.Name())}
	}
	return pods, nil
}

func podOf(pods map[types.UID]*runtime.PodState, labels map[string]string) *runtime.PodState {
	uid := types.UID(labels[labelPod])
	if pods[uid] == nil {
		pods[uid] = &runtime.PodState{UID: uid}
	}
	pods[uid].Namespace, pods[uid].Name = labels[labelNamespace], labels[labelPodName]
	return pods[uid]
}

func (m *machine) addSandboxes(ctx context.Context, rt *services, pods map[types.UID]*runtime.PodState, sandboxes []*runtimeapi.PodSandbox) error {
	newestFirst(sandboxes)
	for _, sandbox := range sandboxes {
		pod := podOf(pods, sandbox.GetLabels())
		if pod.IP != "" || sandbox.GetState() != runtimeapi.PodSandboxState_SANDBOX_READY {
			continue
		}
		ip, err := m.addressOf(ctx, rt, sandbox.GetId())
		if err != nil && !errors.Is(err, runtime.ErrNotFound) {
			return err
		}
		pod.IP = ip
	}
	return nil
}

// addressOf is the pod's own address, or the machine's; a sandbox that is ready does not change it.
func (m *machine) addressOf(ctx context.Context, rt *services, sandbox string) (string, error) {
	m.mu.Lock()
	ip, known := m.ips[sandbox]
	m.mu.Unlock()
	if known {
		return ip, nil
	}
	answer, err := rt.PodSandboxStatus(ctx, sandbox, false)
	if err != nil {
		return "", failed(err)
	}
	ip = answer.GetStatus().GetNetwork().GetIp()
	if answer.GetStatus().GetLinux().GetNamespaces().GetOptions().GetNetwork() == runtimeapi.NamespaceMode_NODE {
		ip = machineAddress()
	}
	if ip != "" {
		m.mu.Lock()
		m.ips[sandbox] = ip
		m.mu.Unlock()
	}
	return ip, nil
}

func (m *machine) addContainers(ctx context.Context, rt *services, pods map[types.UID]*runtime.PodState, containers []*runtimeapi.Container) error {
	for _, c := range containers {
		pod := podOf(pods, c.GetLabels())
		// One that was made and not started is not there yet: the same attempt will be ordered again.
		if c.GetState() == runtimeapi.ContainerState_CONTAINER_CREATED {
			continue
		}
		state, err := m.stateOf(ctx, rt, pod.UID, c)
		if errors.Is(err, runtime.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		pod.Containers = append(pod.Containers, state)
	}
	for _, pod := range pods {
		slices.SortFunc(pod.Containers, func(a, b runtime.ContainerState) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Attempt, b.Attempt))
		})
	}
	return nil
}

func keyOf(c *runtimeapi.Container) string { return c.GetId() + "/" + c.GetState().String() }

// stateOf asks for the details of a container once in each state.
func (m *machine) stateOf(ctx context.Context, rt *services, uid types.UID, c *runtimeapi.Container) (runtime.ContainerState, error) {
	key := keyOf(c)
	m.mu.Lock()
	state, known := m.seen[key]
	m.mu.Unlock()
	if known {
		return state, nil
	}
	answer, err := rt.ContainerStatus(ctx, c.GetId(), false)
	if err != nil {
		return state, failed(err)
	}
	status := answer.GetStatus()
	state = translated(status, c.GetLabels()[labelInit] == "true")
	if status.GetState() == runtimeapi.ContainerState_CONTAINER_EXITED && state.Message == "" {
		state.Message = m.message(runtime.ContainerID{Pod: uid, Name: state.Name, Attempt: state.Attempt})
	}
	if status.GetState() == c.GetState() {
		m.mu.Lock()
		m.seen[key] = state
		m.mu.Unlock()
	}
	return state, nil
}

func translated(s *runtimeapi.ContainerStatus, init bool) runtime.ContainerState {
	// Runtimes take a start's time after the process began, and a short one may have ended by then.
	started, finished := s.GetStartedAt(), s.GetFinishedAt()
	if finished > 0 {
		started = min(started, finished)
	}
	out := runtime.ContainerState{
		Name: s.GetMetadata().GetName(), Init: init, Attempt: int(s.GetMetadata().GetAttempt()),
		Running:   s.GetState() == runtimeapi.ContainerState_CONTAINER_RUNNING,
		StartedAt: moment(started).Truncate(time.Second), ImageID: s.GetImageRef(), Image: s.GetAnnotations()[annotationImage],
	}
	if out.Running {
		return out
	}
	out.FinishedAt, out.ExitCode, out.Reason, out.Message = moment(finished), int(s.GetExitCode()), s.GetReason(), s.GetMessage()
	if s.GetState() == runtimeapi.ContainerState_CONTAINER_UNKNOWN {
		out.ExitCode, out.Reason = 137, "ContainerStatusUnknown"
	}
	return out
}

func moment(nanoseconds int64) time.Time {
	if nanoseconds <= 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}

// message is what the container left as its last words.
func (m *machine) message(id runtime.ContainerID) string {
	file, err := os.Open(m.messagePath(id))
	if err != nil {
		return ""
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, maxMessage))
	return string(text)
}

// keep drops what is remembered of containers and sandboxes that are gone.
func (m *machine) keep(sandboxes []*runtimeapi.PodSandbox, containers []*runtimeapi.Container) {
	there := map[string]bool{}
	for _, s := range sandboxes {
		if s.GetState() == runtimeapi.PodSandboxState_SANDBOX_READY {
			there[s.GetId()] = true
		}
	}
	for _, c := range containers {
		there[keyOf(c)] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.seen {
		if !there[key] {
			delete(m.seen, key)
		}
	}
	for id := range m.ips {
		if !there[id] {
			delete(m.ips, id)
		}
	}
}
