package ssh

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// rootVariable tells a process where its volumes are: a mountPath /etc/app is $CONTAINER_ROOT/etc/app.
const rootVariable = "CONTAINER_ROOT"

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
	env := environment(pod, container.Env, root)
	p := &payload{}
	p.raw("if attempt " + quote(string(pod.UID), spec.Name, strconv.Itoa(container.Attempt), kind) + "; then")
	for i, mount := range spec.VolumeMounts {
		sub, err := subPath(mount.SubPath)
		if err != nil {
			return nil, fmt.Errorf("volumeMounts[%d]: %w", i, err)
		}
		below := below(mount.MountPath)
		p.say("mount", path.Dir(below), below, mount.Name, sub)
	}
	place, err := workingPlace(p, spec, root)
	if err != nil {
		return nil, err
	}
	for _, variable := range env {
		if !variableName.MatchString(variable.Name) {
			return nil, fmt.Errorf("the environment variable %q is none that a shell can set", variable.Name)
		}
		place += "export " + variable.Name + "=" + quote(variable.Value) + "\n"
	}
	var words []string
	for _, word := range append(append([]string{}, spec.Command...), spec.Args...) {
		words = append(words, placed(word, root))
	}
	p.keep("command", "set -- "+quote(words...)+"\n")
	p.keep("settings", terminationMessage(p, spec))
	p.keep("place", place)
	p.raw("launch; fi")
	return p, nil
}

// environment is what the container gets; what comes later wins.
func environment(pod *corev1.Pod, own []runtime.EnvVar, root string) []runtime.EnvVar {
	hostname := pod.Spec.Hostname
	if hostname == "" {
		hostname = pod.Name
	}
	env := append([]runtime.EnvVar{{Name: "HOSTNAME", Value: hostname}, {Name: rootVariable, Value: root}}, own...)
	for i := range env {
		env[i].Value = placed(env[i].Value, root)
	}
	return env
}

// placed replaces the one reference that package lifecycle could not: only here is it known where the volumes are.
func placed(text, root string) string { return strings.ReplaceAll(text, "$("+rootVariable+")", root) }

// below is a path of the container as one below its root.
func below(mountPath string) string { return strings.TrimPrefix(path.Clean("/"+mountPath), "/") }

func subPath(sub string) (string, error) {
	for _, part := range strings.Split(sub, "/") {
		if part == ".." || path.IsAbs(sub) {
			return "", fmt.Errorf("%q is no path in the volume", sub)
		}
	}
	if sub == "" {
		return "", nil
	}
	return "/" + path.Clean(sub), nil
}

// workingPlace is the command that goes to the working directory: the container's root, a directory below a mountPath, or one of the
// device's own.
func workingPlace(p *payload, spec *corev1.Container, root string) (string, error) {
	directory := root
	switch {
	case spec.WorkingDir == "":
	case !path.IsAbs(spec.WorkingDir) || mounted(spec, spec.WorkingDir):
		directory = root + "/" + below(spec.WorkingDir)
		p.say("folder", below(spec.WorkingDir))
	default:
		directory = spec.WorkingDir
	}
	if strings.ContainsAny(directory, "\x00") {
		return "", fmt.Errorf("workingDir: %q is no path", spec.WorkingDir)
	}
	return "cd " + quote(directory) + " 2>/dev/null || cannot \"$1\" 128 " + quote("working directory "+directory+": not found") + "\n", nil
}

// mounted says whether a path lies in one of the container's volumes.
func mounted(spec *corev1.Container, file string) bool {
	for _, mount := range spec.VolumeMounts {
		if strings.HasPrefix("/"+below(file)+"/", "/"+below(mount.MountPath)+"/") {
			return true
		}
	}
	return false
}

// terminationMessage is where the supervisor finds one.
func terminationMessage(p *payload, spec *corev1.Container) string {
	file := below(spec.TerminationMessagePath)
	if file == "" {
		file = "dev/termination-log"
	}
	p.say("folder", path.Dir(file))
	return "message_path=" + quote("root/"+file) + "\n"
}
