package ssh

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// What is secret goes by standard input and lies in files that only their owner reads: no command line ever shows it.
func TestSecretsAreInNoCommandLine(t *testing.T) {
	l := newLab(t, "dash")
	const secret = "hunter2-of-the-device"
	seen := make(chan string, 1)
	stop := make(chan struct{})
	go func() {
		defer close(seen)
		for {
			files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, file := range files {
				if text, _ := os.ReadFile(file); strings.Contains(string(text), secret) {
					seen <- string(text)
					return
				}
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	j := l.job(t, l.agent(t), `[ "$PASSWORD" = "$(cat "$CONTAINER_ROOT/etc/secret/password")" ] && echo same; sleep 1000`)
	j.spec.Pod.Spec.Volumes = []corev1.Volume{{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}}}}
	j.spec.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "secret", MountPath: "/etc/secret"}}
	j.spec.Volumes = map[string]runtime.Volume{"secret": {ReadOnly: true, Files: map[string]runtime.File{"password": {Content: []byte(secret), Mode: 0o644}}}}
	j.run(0, runtime.EnvVar{Name: "PASSWORD", Value: secret})
	until(t, "the process has both", func() bool { return j.log(0, runtime.LogOptions{Tail: -1}) == "same\n" })
	must(t, j.Exec(j.ctx, j.id(0), []string{"sh", "-c", `[ -n "$PASSWORD" ]`}, runtime.Streams{}))
	close(stop)
	if line, shown := <-seen; shown {
		t.Errorf("a command line shows it: %q", line)
	}
	must(t, filepath.WalkDir(l.config.Directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && !strings.Contains(path, "/root") {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	}))
}
