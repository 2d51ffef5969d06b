package cri

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// PortForward connects a stream to a port in the pod's network, loopback included.
func (m *machine) PortForward(ctx context.Context, uid types.UID, port int32, stream io.ReadWriteCloser) error {
	rt, err := m.runtime(ctx)
	if err != nil {
		return err
	}
	sandboxes, err := rt.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{
		LabelSelector: m.own(uid), State: &runtimeapi.PodSandboxStateValue{State: runtimeapi.PodSandboxState_SANDBOX_READY},
	})
	if err != nil {
		return failed(err)
	}
	if len(sandboxes) == 0 {
		return fmt.Errorf("%w: the pod has no sandbox that is ready", runtime.ErrNotFound)
	}
	answer, err := rt.PortForward(ctx, &runtimeapi.PortForwardRequest{PodSandboxId: sandboxes[0].GetId(), Port: []int32{port}})
	if err != nil {
		return failed(err)
	}
	connection, err := dialForward(answer.GetUrl())
	if err != nil {
		return fmt.Errorf("the runtime's server for streams: %w", err)
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	return forward(connection, port, stream)
}

func dialForward(address string) (httpstream.Connection, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(streaming())
	if err != nil {
		return nil, err
	}
	connection, _, err := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, at).Dial(portforward.PortForwardProtocolV1Name)
	return connection, err
}

// forward copies both ways until the pod's side is done. What went wrong there comes on a stream of its own.
func forward(connection httpstream.Connection, port int32, stream io.ReadWriteCloser) error {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	errs, err := connection.CreateStream(headers)
	if err != nil {
		return err
	}
	if err := errs.Close(); err != nil {
		return err
	}
	told := make(chan error, 1)
	go func() {
		text, err := io.ReadAll(errs)
		if len(text) > 0 {
			err = errors.New(string(text))
		}
		told <- err
	}()
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := connection.CreateStream(headers)
	if err != nil {
		return err
	}
	go func() {
		// An end of the client's side is told to the pod; its answer may still come.
		_, _ = io.Copy(data, stream)
		_ = data.Close()
	}()
	_, err = io.Copy(stream, data)
	return errors.Join(err, <-told)
}
