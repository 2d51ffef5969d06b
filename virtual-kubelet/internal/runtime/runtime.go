// Package runtime says what a place that runs pods has to be able to do: a device reached by SSH or by a serial line, an edge
// machine's CRI socket, a simulation. What a pod is (init containers, restarts, back-off, probes, status) is package lifecycle's.
package runtime

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ErrUnreachable says that nobody answered: nothing is known of what runs there, and nothing may be concluded from it.
var ErrUnreachable = errors.New("the device cannot be reached")

// ErrNotFound says that the place answered and has no such container or pod.
var ErrNotFound = errors.New("not found")

// ErrNotPossible says that this place cannot do such a thing at all, whatever the pod; wrapped with the reason.
var ErrNotPossible = errors.New("not possible at this place")

// NotStarted is StartContainer's error when the place answered and the container could not be started: Reason in a kubelet's words
// ("ErrImagePull", "CreateContainerError"). It is tried again with back-off, as any other error but ErrUnreachable is.
type NotStarted struct{ Reason, Message string }

func (e NotStarted) Error() string { return e.Reason + ": " + e.Message }

// Attacher is a Runtime that can attach to a container's first process.
type Attacher interface {
	Attach(ctx context.Context, id ContainerID, streams Streams) error
}

// PortForwarder is a Runtime that can reach a port of a pod.
type PortForwarder interface {
	PortForward(ctx context.Context, uid types.UID, port int32, stream io.ReadWriteCloser) error
}

// Cleaner is a Runtime that has things of the node's own at the place beside its pods (a directory, a helper), which go with the node.
type Cleaner interface {
	// Clean takes them away; no pod is there any more.
	Clean(ctx context.Context) error
}

// Releaser is a Runtime whose pods hold something beside their containers (an address, ports of the machine).
type Releaser interface {
	// ReleasePod gives that back when all of the pod has ended for good; its logs stay until it is removed.
	ReleasePod(ctx context.Context, uid types.UID) error
}

// Runtime runs the containers of pods. Every method may be called again after it was cut off anywhere, and by another process than
// the one that started what runs: what is known of a pod lies where it runs. Methods are safe for concurrent use.
type Runtime interface {
	// Unsupported lists everything in a pod's specification that this place cannot do, each with its path ("spec.hostNetwork: ...").
	Unsupported(pod *corev1.Pod) []string
	// PreparePod makes the pod's own place and puts its files there. Called again with other files, it replaces those that changed.
	PreparePod(ctx context.Context, pod PodSpec) error
	// StartContainer starts one attempt of a container; one that was started already is left as it is, also when it has ended.
	StartContainer(ctx context.Context, pod PodSpec, container ContainerSpec) error
	// StopContainer asks the container's whole process group to end (TERM), and ends it (KILL) when the grace is over.
	// It returns when the place confirmed that nothing of it runs.
	StopContainer(ctx context.Context, id ContainerID, grace time.Duration) error
	// Observe tells of everything of this node that is there, in one look.
	Observe(ctx context.Context) ([]PodState, error)
	// Changes yields a value when Observe is likely to tell something new; nil where only asking again tells.
	Changes() <-chan struct{}
	// RemovePod ends what still runs of a pod and takes its place away with its logs. A pod that is not there is no error.
	RemovePod(ctx context.Context, uid types.UID) error
	// Logs reads a container's log; with Follow until the container has ended or ctx has.
	Logs(ctx context.Context, id ContainerID, options LogOptions) (io.ReadCloser, error)
	// Exec runs a command beside the container, in its environment and directory. A command that ended with another code than 0 is an ExitError.
	// A deadline of ctx is the command's own: a place that can ends it then.
	Exec(ctx context.Context, id ContainerID, command []string, streams Streams) error
	// Stats tells what running containers use, or nothing where the place does not know.
	Stats(ctx context.Context) ([]ContainerStats, error)
}

// PodSpec is a pod with everything resolved that comes from elsewhere in the cluster.
type PodSpec struct {
	Pod *corev1.Pod
	// Files by volume name: the content of ConfigMaps, Secrets, downward API and projected volumes; an emptyDir has none.
	Volumes map[string]Volume
	// PullSecrets are the docker configurations of imagePullSecrets, where images mean anything.
	PullSecrets [][]byte
}

// Volume is a directory of a pod.
type Volume struct {
	// Files by their path in the volume.
	Files map[string]File
	// Medium of an emptyDir; ReadOnly for all others.
	ReadOnly bool
}

// File is one file of a volume.
type File struct {
	Content []byte
	Mode    uint32
}

// ContainerSpec is one attempt to run a container.
type ContainerSpec struct {
	// Container is the pod's own, or its init container, with the variables that its command, arguments and paths refer to replaced.
	Container *corev1.Container
	Init      bool
	// Attempt counts from 0; each is a process of its own with logs of its own.
	Attempt int
	// Env is complete: values, references and the pod's own fields resolved, in order.
	Env []EnvVar
}

// EnvVar is one variable of a container's environment.
type EnvVar struct{ Name, Value string }

// ContainerID names one attempt of one container.
type ContainerID struct {
	Pod     types.UID
	Name    string
	Attempt int
}

// PodState is what a place knows of one pod.
type PodState struct {
	UID             types.UID
	Namespace, Name string
	// IP of the pod, where it has one of its own or its host's.
	IP string
	// Containers with every attempt that is still known, oldest first.
	Containers []ContainerState
}

// ContainerState is one attempt.
type ContainerState struct {
	Name    string
	Init    bool
	Attempt int
	Running bool
	// Known times are to the second and are the place's own clock's.
	StartedAt, FinishedAt time.Time
	// ExitCode as a shell tells it (128 + signal); meaningful when it is not running.
	ExitCode int
	Signal   int
	// Reason and Message where the place says more: "OOMKilled", "ContainerCannotRun", "ImagePullBackOff" (then it waits, and neither runs nor ended).
	Reason, Message string
	// Waiting containers are started again, with back-off.
	Waiting bool
	ImageID string
	// Image is the name the container was started with, where images mean anything: a pod whose image is changed is restarted for it.
	Image string
}

// LogOptions are those of `kubectl logs`.
type LogOptions struct {
	Follow, Timestamps bool
	// Tail is the number of last lines; negative: all.
	Tail int
	// Since is zero for all.
	Since time.Time
	// LimitBytes is 0 for no limit.
	LimitBytes int
}

// Streams of a command; Resize yields the terminal's sizes and is nil without one.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	TTY            bool
	Resize         <-chan TermSize
}

// TermSize is a terminal's size in characters.
type TermSize struct{ Width, Height uint16 }

// ExitError is a command that ended with another code than 0.
type ExitError struct{ Code int }

// ContainerStats is what one container uses.
type ContainerStats struct {
	ID             ContainerID
	CPUNanoseconds uint64
	MemoryBytes    uint64
	Time           time.Time
}

func (e ExitError) Error() string { return "command ended with exit code " + strconv.Itoa(e.Code) }
