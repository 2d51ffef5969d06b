package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// PortForward joins a stream with a port of the pod there.
func (p *Place) PortForward(ctx context.Context, name runtime.PodName, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	connection, err := p.dial(name)
	if err != nil {
		return err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	failure, err := streamTo(connection, corev1.StreamTypeError, port)
	if err != nil {
		return err
	}
	// Nothing is written to it.
	_ = failure.Close()
	data, err := streamTo(connection, corev1.StreamTypeData, port)
	if err != nil {
		return err
	}
	told := make(chan error, 1)
	go func() {
		text, err := io.ReadAll(failure)
		if len(text) > 0 {
			err = errors.New(string(text))
		}
		told <- err
	}()
	go func() {
		// A client that says nothing more may still listen.
		_, _ = io.Copy(data, stream)
		_ = data.Close()
	}()
	_, err = io.Copy(stream, data)
	// What was not sent would keep the other stream from ending.
	_ = data.Reset()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("port-forward in cluster %s: %w", p.config.Host, err)
	}
	return <-told
}

// dial speaks WebSocket, or SPDY with an API server that does not.
func (p *Place) dial(name runtime.PodName) (httpstream.Connection, error) {
	request, err := p.subresource(name, "portforward")
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(p.config)
	if err != nil {
		return nil, err
	}
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, request.URL())
	tunnel, err := portforward.NewSPDYOverWebsocketDialer(request.URL(), p.config)
	if err != nil {
		return nil, err
	}
	connection, _, err := portforward.NewFallbackDialer(tunnel, plain, otherProtocol).Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, fmt.Errorf("port-forward in cluster %s: %w", p.config.Host, err)
	}
	return connection, nil
}

func streamTo(connection httpstream.Connection, kind string, port int32) (httpstream.Stream, error) {
	headers := http.Header{}
	headers.Set(corev1.StreamType, kind)
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	// One connection carries one request.
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	return connection.CreateStream(headers)
}
