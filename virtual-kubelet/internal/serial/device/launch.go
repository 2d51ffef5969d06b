package device

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

const (
	// standardPath is where commands are looked for when the environment says nothing else.
	standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	// longestMessage is Kubernetes' limit for a termination message; that much of a log's end stands in for one.
	longestMessage, longestLogMessage, logMessageLines = 4096, 2048, 80
)

// launch starts the attempt's process, or says in its message why it cannot run.
func (d *Device) launch(p *pod, a *attempt, document protocol.Document) {
	a.State, a.Started = running, d.now().Unix()
	command, output, err := d.begin(p, a, document)
	if err != nil {
		a.State, a.Ended, a.Code, a.Reason, a.Message = ended, a.Started, 128, "ContainerCannotRun", err.Error()
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			a.Code = 127
		}
		fmt.Fprintln(a.log, err)
		return
	}
	a.Pid, a.Born = command.Process.Pid, born(command.Process.Pid)
	d.processes.Add(1)
	go d.await(p, a, document, command, output)
}

func (d *Device) begin(p *pod, a *attempt, document protocol.Document) (*exec.Cmd, *os.File, error) {
	root := d.root(p, a)
	if err := d.furnish(p, root, document); err != nil {
		return nil, nil, err
	}
	directory := cmp.Or(document.Directory, ".")
	if !filepath.IsAbs(directory) {
		directory = filepath.Join(root, directory)
	}
	if _, err := os.Stat(directory); err != nil {
		return nil, nil, fmt.Errorf("working directory %s: %s", directory, err)
	}
	env := append([]string{"PATH=" + standardPath}, document.Env...)
	path, err := lookup(document.Args[0], directory, env)
	if err != nil {
		return nil, nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer write.Close()
	// A session of its own is a group of its own, which is ended as a whole.
	command := &exec.Cmd{Path: path, Args: document.Args, Env: env, Dir: directory, Stdout: write, Stderr: write, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	if err := command.Start(); err != nil {
		read.Close()
		return nil, nil, err
	}
	return command, read, nil
}

// furnish makes the directory in which the attempt sees its volumes.
func (d *Device) furnish(p *pod, root string, document protocol.Document) error {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	directories := []string{filepath.Dir(document.MessageFile)}
	if !filepath.IsAbs(document.Directory) {
		directories = append(directories, document.Directory)
	}
	for _, mount := range document.Mounts {
		if !filepath.IsLocal(mount.Path) || !filepath.IsLocal(mount.Source) {
			return fmt.Errorf("%s at %s: no paths below the volumes and the root", mount.Source, mount.Path)
		}
		target := filepath.Join(d.place(p), "volumes", mount.Source)
		if _, err := os.Stat(target); err != nil {
			if err := os.MkdirAll(target, 0o700); err != nil {
				return err
			}
		}
		link := filepath.Join(root, mount.Path)
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			return err
		}
		if err := os.Symlink(target, link); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	for _, directory := range directories {
		if err := os.MkdirAll(filepath.Join(root, filepath.Clean("/"+directory)), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// lookup finds the command by the path of the container's own environment.
func lookup(name, directory string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(directory, name)
		}
		return exec.LookPath(name)
	}
	path := ""
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	for _, directory := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(directory, name)); err == nil && filepath.IsAbs(found) {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}
