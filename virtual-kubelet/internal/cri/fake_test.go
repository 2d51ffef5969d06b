package cri

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// fake is a container runtime that answers what a test wants.
type fake struct {
	runtimeapi.UnimplementedRuntimeServiceServer
	runtimeapi.UnimplementedImageServiceServer
	containers []*runtimeapi.Container
	execSync   func(context.Context, *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error)
	start      func(context.Context) error

	mu sync.Mutex
	// images are ids by name; what is pulled comes from registry.
	images, registry map[string]string
	reopened         []string
}

// newMachine is the node press-7 at this runtime, with nobody that watches it.
func (f *fake) newMachine(t *testing.T) *machine {
	directory, err := os.MkdirTemp("", "cri")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	config := &Config{Socket: filepath.Join(directory, "fake.sock"), Directory: filepath.Join(directory, "node")}
	config.complete("press-7")
	listener, err := net.Listen("unix", config.Socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	t.Cleanup(server.Stop)
	runtimeapi.RegisterRuntimeServiceServer(server, f)
	runtimeapi.RegisterImageServiceServer(server, f)
	go func() { _ = server.Serve(listener) }()
	return &machine{
		config: config, nodeName: "press-7", changes: make(chan struct{}, 1), images: &imageBook{file: filepath.Join(config.Directory, "images.json")},
		seen: map[string]runtime.ContainerState{}, ips: map[string]string{},
	}
}

func (f *fake) connected(t *testing.T) (*machine, *services) {
	m := f.newMachine(t)
	rt, err := m.runtime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m, rt
}

// runningContainer is one of the node's.
func runningContainer(id runtime.ContainerID) *runtimeapi.Container {
	return &runtimeapi.Container{
		Id: id.Name, Metadata: &runtimeapi.ContainerMetadata{Name: id.Name, Attempt: uint32(id.Attempt)},
		State:  runtimeapi.ContainerState_CONTAINER_RUNNING,
		Labels: map[string]string{labelNode: "press-7", labelPod: string(id.Pod), labelContainer: id.Name},
	}
}

func (f *fake) Version(context.Context, *runtimeapi.VersionRequest) (*runtimeapi.VersionResponse, error) {
	return &runtimeapi.VersionResponse{Version: "0.1.0", RuntimeName: "fake", RuntimeVersion: "1", RuntimeApiVersion: "v1"}, nil
}

func (f *fake) RuntimeConfig(context.Context, *runtimeapi.RuntimeConfigRequest) (*runtimeapi.RuntimeConfigResponse, error) {
	return &runtimeapi.RuntimeConfigResponse{Linux: &runtimeapi.LinuxRuntimeConfiguration{}}, nil
}

func (f *fake) ListPodSandbox(context.Context, *runtimeapi.ListPodSandboxRequest) (*runtimeapi.ListPodSandboxResponse, error) {
	return &runtimeapi.ListPodSandboxResponse{}, nil
}

func (f *fake) ListContainers(context.Context, *runtimeapi.ListContainersRequest) (*runtimeapi.ListContainersResponse, error) {
	return &runtimeapi.ListContainersResponse{Containers: f.containers}, nil
}

func (f *fake) StartContainer(ctx context.Context, _ *runtimeapi.StartContainerRequest) (*runtimeapi.StartContainerResponse, error) {
	return &runtimeapi.StartContainerResponse{}, f.start(ctx)
}

func (f *fake) ExecSync(ctx context.Context, request *runtimeapi.ExecSyncRequest) (*runtimeapi.ExecSyncResponse, error) {
	return f.execSync(ctx, request)
}

// Exec tells who gets here from who does not.
func (f *fake) Exec(context.Context, *runtimeapi.ExecRequest) (*runtimeapi.ExecResponse, error) {
	return nil, status.Error(codes.Aborted, "streamed")
}

func (f *fake) ReopenContainerLog(_ context.Context, request *runtimeapi.ReopenContainerLogRequest) (*runtimeapi.ReopenContainerLogResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reopened = append(f.reopened, request.GetContainerId())
	return &runtimeapi.ReopenContainerLogResponse{}, nil
}

func (f *fake) ImageFsInfo(context.Context, *runtimeapi.ImageFsInfoRequest) (*runtimeapi.ImageFsInfoResponse, error) {
	return &runtimeapi.ImageFsInfoResponse{}, nil
}

func (f *fake) ListImages(context.Context, *runtimeapi.ListImagesRequest) (*runtimeapi.ListImagesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := &runtimeapi.ListImagesResponse{}
	for name, id := range f.images {
		answer.Images = append(answer.Images, &runtimeapi.Image{Id: id, RepoTags: []string{name}, Size: 1})
	}
	return answer, nil
}

func (f *fake) ImageStatus(_ context.Context, request *runtimeapi.ImageStatusRequest) (*runtimeapi.ImageStatusResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id, there := f.images[request.GetImage().GetImage()]; there {
		return &runtimeapi.ImageStatusResponse{Image: &runtimeapi.Image{Id: id, Size: 1}}, nil
	}
	return &runtimeapi.ImageStatusResponse{}, nil
}

func (f *fake) PullImage(_ context.Context, request *runtimeapi.PullImageRequest) (*runtimeapi.PullImageResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := request.GetImage().GetImage()
	f.images[name] = f.registry[name]
	return &runtimeapi.PullImageResponse{ImageRef: f.registry[name]}, nil
}

// RemoveImage takes all names of an image away, as containerd does.
func (f *fake) RemoveImage(_ context.Context, request *runtimeapi.RemoveImageRequest) (*runtimeapi.RemoveImageResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, id := range f.images {
		if id == request.GetImage().GetImage() {
			delete(f.images, name)
		}
	}
	return &runtimeapi.RemoveImageResponse{}, nil
}
