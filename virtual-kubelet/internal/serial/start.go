package serial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/process"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// StartContainer makes the attempt, sends what it runs and starts it. Each of the three may come twice.
func (d *device) StartContainer(ctx context.Context, pod runtime.PodSpec, container runtime.ContainerSpec) error {
	kind := "main"
	if container.Init {
		kind = "init"
	}
	uid, name, number := pod.Pod.UID, container.Container.Name, container.Attempt
	answer, err := d.ask(ctx, "attempt", uid, name, number, kind)
	if err != nil || answer.Fields["state"] != "created" {
		return err
	}
	root, err := answer.Bytes("root")
	if err != nil {
		return err
	}
	document, err := documentOf(pod.Pod, container, string(root))
	if err != nil {
		return runtime.NotStarted{Reason: "CreateContainerConfigError", Message: err.Error()}
	}
	content := document.Bytes()
	if limit := d.limits.Load().document; len(content) > limit {
		return runtime.NotStarted{Reason: "CreateContainerConfigError", Message: fmt.Sprintf(
			"command, arguments and environment have %d bytes; the device takes %d (its limit document)", len(content), limit)}
	}
	sum := sha256.Sum256(content)
	version := hex.EncodeToString(sum[:8])
	head := fmt.Sprintf("document %s %s %d %s %d", uid, name, number, version, len(content))
	if err := d.upload(ctx, "container "+name, head, content); err != nil {
		return err
	}
	_, err = d.ask(ctx, "start", uid, name, number, version)
	var refusal deviceError
	if errors.As(err, &refusal) && refusal.code == protocol.CodeLimit {
		return runtime.NotStarted{Reason: "CreateContainerError", Message: refusal.Error()}
	}
	return err
}

func documentOf(pod *corev1.Pod, container runtime.ContainerSpec, root string) (protocol.Document, error) {
	spec := container.Container
	d := protocol.Document{
		Directory: spec.WorkingDir, MessageFile: process.Below(spec.TerminationMessagePath),
		MessageFromLog: spec.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError,
	}
	if d.MessageFile == "" {
		d.MessageFile = process.Below(corev1.TerminationMessagePathDefault)
	}
	if path.IsAbs(d.Directory) && process.Mounted(spec, d.Directory) {
		d.Directory = process.Below(d.Directory)
	}
	for _, variable := range process.Environment(pod, container.Env, root) {
		d.Env = append(d.Env, variable.Name+"="+variable.Value)
	}
	d.Args = process.Words(spec, root)
	for i, mount := range spec.VolumeMounts {
		sub, err := process.SubPath(mount)
		if err != nil {
			return d, fmt.Errorf("volumeMounts[%d]: %w", i, err)
		}
		d.Mounts = append(d.Mounts, protocol.Mount{Path: process.Below(mount.MountPath), Source: path.Join(mount.Name, sub)})
	}
	return d, check(d)
}

// check refuses what would be taken for the end of a text.
func check(d protocol.Document) error {
	for _, text := range append(append([]string{d.Directory, d.MessageFile}, d.Args...), d.Env...) {
		if strings.Contains(text, "\x00") {
			return errors.New("command, arguments, environment or working directory hold a zero byte")
		}
	}
	return nil
}
