package ssh

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/process"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// StartContainer starts the attempt under a supervisor of its own, which needs neither the connection nor the agent any more.
func (d *device) StartContainer(ctx context.Context, pod runtime.PodSpec, container runtime.ContainerSpec) error {
	found, err := d.link.get(ctx)
	if err != nil {
		return err
	}
	id := runtime.ContainerID{Pod: pod.Pod.UID, Name: container.Container.Name, Attempt: container.Attempt}
	p, err := startPayload(pod.Pod, container, found.attempt(id)+"/root")
	if err != nil {
		return runtime.NotStarted{Reason: "CreateContainerConfigError", Message: err.Error()}
	}
	return d.apply(ctx, p)
}

func startPayload(pod *corev1.Pod, container runtime.ContainerSpec, root string) (*payload, error) {
	spec, kind := container.Container, "main"
	if container.Init {
		kind = "init"
	}
	p := &payload{}
	p.raw("if attempt " + quote(string(pod.UID), spec.Name, strconv.Itoa(container.Attempt), kind) + "; then")
	for i, mount := range spec.VolumeMounts {
		sub, err := process.SubPath(mount)
		if err != nil {
			return nil, fmt.Errorf("volumeMounts[%d]: %w", i, err)
		}
		if sub != "" {
			sub = "/" + sub
		}
		below := process.Below(mount.MountPath)
		p.say("mount", path.Dir(below), below, mount.Name, sub)
	}
	place, err := workingPlace(p, spec, root)
	if err != nil {
		return nil, err
	}
	for _, variable := range process.Environment(pod, container.Env, root) {
		if !variableName.MatchString(variable.Name) {
			return nil, fmt.Errorf("the environment variable %q is none that a shell can set", variable.Name)
		}
		place += "export " + variable.Name + "=" + quote(variable.Value) + "\n"
	}
	p.keep("command", "set -- "+quote(process.Words(spec, root)...)+"\n")
	p.keep("settings", terminationMessage(p, spec))
	p.keep("place", place)
	p.raw("launch; fi")
	return p, nil
}

// workingPlace is the command that goes to the working directory: the container's root, a directory below a mountPath, or one of the
// device's own.
func workingPlace(p *payload, spec *corev1.Container, root string) (string, error) {
	directory := root
	switch {
	case spec.WorkingDir == "":
	case !path.IsAbs(spec.WorkingDir) || process.Mounted(spec, spec.WorkingDir):
		directory = root + "/" + process.Below(spec.WorkingDir)
		p.say("folder", process.Below(spec.WorkingDir))
	default:
		directory = spec.WorkingDir
	}
	if strings.ContainsAny(directory, "\x00") {
		return "", fmt.Errorf("workingDir: %q is no path", spec.WorkingDir)
	}
	return "cd " + quote(directory) + " 2>/dev/null || cannot \"$1\" 128 " + quote("working directory "+directory+": not found") + "\n", nil
}

// terminationMessage is where the supervisor finds one.
func terminationMessage(p *payload, spec *corev1.Container) string {
	file := process.Below(spec.TerminationMessagePath)
	if file == "" {
		file = "dev/termination-log"
	}
	p.say("folder", path.Dir(file))
	return "message_path=" + quote("root/"+file) + "\n"
}
