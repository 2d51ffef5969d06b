package serial

import (
	"context"
	"fmt"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/line"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// limits are what the device told in hello.
type limits struct {
	boot                                               int64
	line, pods, containers, document, file, files, log int
}

// ready opens the line and greets the device, unless that was done.
func (l *link) ready(ctx context.Context) error {
	if l.port == nil {
		port, err := line.Open(&l.config.Settings)
		if err != nil {
			return l.gone(err)
		}
		l.port, l.reader, l.limits = port, protocol.NewReader(port, protocol.MaxLine), nil
	}
	if l.limits != nil {
		return nil
	}
	answer, err := l.exchange(ctx, fmt.Sprintf("hello %d", protocol.Version))
	if err == nil {
		err = refused(answer)
		if err == nil {
			l.limits, err = readLimits(answer)
		}
		if err != nil {
			// Whatever is at the other end, it is not a device that this agent can work with.
			return l.gone(fmt.Errorf("hello: %w", err))
		}
	}
	return err
}

func readLimits(answer protocol.Answer) (*limits, error) {
	found := &limits{}
	var version int
	for name, value := range map[string]*int{
		"version": &version, "line": &found.line, "pods": &found.pods, "containers": &found.containers, "document": &found.document,
		"file": &found.file, "files": &found.files, "log": &found.log,
	} {
		number, err := answer.Number(name)
		if err != nil || number < 0 {
			return nil, fmt.Errorf("%s=%s is no limit", name, answer.Fields[name])
		}
		*value = int(number)
	}
	boot, err := answer.Number("boot")
	if err != nil {
		return nil, err
	}
	found.boot = boot
	if version != protocol.Version {
		return nil, fmt.Errorf("the device speaks version %d of the protocol, this agent version %d", version, protocol.Version)
	}
	if found.line < protocol.MinLine {
		return nil, fmt.Errorf("the device takes lines of %d bytes only; the protocol needs %d", found.line, protocol.MinLine)
	}
	return found, nil
}

// deviceError is an answer "err".
type deviceError struct{ code, text string }

func (e deviceError) Error() string {
	return fmt.Sprintf("the device refuses (%s): %s", e.code, e.text)
}

func (e deviceError) Unwrap() error {
	if e.code == protocol.CodeMissing {
		return runtime.ErrNotFound
	}
	return nil
}

func refused(answer protocol.Answer) error {
	if answer.OK {
		return nil
	}
	text, err := answer.Bytes("text")
	if err != nil {
		text = []byte(answer.Fields["text"])
	}
	return deviceError{answer.Fields["code"], string(text)}
}
