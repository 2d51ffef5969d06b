package ssh

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// fake puts shell commands before one of the device's applets. They hold for a shell that has none built in, and not for one that an
// applet starts.
func (l *lab) fake(t *testing.T, applet, commands string) {
	path, busybox := filepath.Join(l.home, "bin", applet), lookup(t, "busybox")
	must(t, os.WriteFile(path+".new", []byte("#!"+busybox+" sh\n"+commands+"\nexec "+busybox+" "+applet+" \"$@\"\n"), 0o700))
	must(t, os.Rename(path+".new", path))
}

// A supervisor that cannot say who it is does not begin: what it starts would be nobody's.
func TestFullDiskOfASupervisor(t *testing.T) {
	l := newLab(t, "dash")
	j := l.job(t, l.agent(t), "echo run")
	// A full disk lets files be made and nothing be written to them.
	l.fake(t, "setsid", `case $3 in supervise)
	script=$2
	shift 2
	exec `+lookup(t, "busybox")+` setsid sh -c 'echo() { return 1; }; . "$0"' "$script" "$@" ;;
esac`)
	must(t, j.PreparePod(j.ctx, j.spec))
	if err := j.apply(j.ctx, j.start(nil)); err == nil || !strings.Contains(err.Error(), "could not begin; is the disk full?") {
		t.Errorf("it began: %v", err)
	}
	for _, file := range []string{"owner", "pid", "log.1"} {
		if _, err := os.Stat(filepath.Join(j.directory(0), file)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", file, err)
		}
	}
	l.fake(t, "setsid", "")
	must(t, j.apply(j.ctx, j.start(nil)))
	if state := j.ended(0); state.ExitCode != 0 {
		t.Errorf("with room again: %+v", state)
	}
}

// Nor does a process whose number cannot be kept become the container's: it could never be stopped.
func TestFullDiskOfAProcess(t *testing.T) {
	l := newLab(t, "dash")
	j := l.job(t, l.agent(t), "echo run; sleep 1000")
	must(t, j.PreparePod(j.ctx, j.spec))
	// Nothing can be moved there.
	must(t, j.apply(j.ctx, j.start(func(text string) string {
		return strings.Replace(text, "launch;", `ln -s /proc "$dir/pid"; launch;`, 1)
	})))
	state := j.ended(0)
	if state.ExitCode != 128 || state.Reason != "ContainerCannotRun" || !strings.Contains(state.Message, "is the disk full?") {
		t.Errorf("%+v", state)
	}
	if log := j.log(0, runtime.LogOptions{Tail: -1}); strings.Contains(log, "run\n") {
		t.Errorf("it ran: %q", log)
	}
}

// A grace that cannot be written down ends all the same.
func TestFullDiskOfAStop(t *testing.T) {
	l := newLab(t, "dash")
	j := l.job(t, l.agent(t), "trap '' TERM; echo run; while true; do sleep 1; done")
	j.run(0)
	until(t, "it runs", func() bool { return j.log(0, runtime.LogOptions{Tail: -1}) == "run\n" })
	l.fake(t, "mv", `case $3 in */stop | */reaper) exit 1 ;; esac`)
	must(t, j.StopContainer(j.ctx, j.id(0), time.Second))
	if state := j.ended(0); state.ExitCode != 137 {
		t.Errorf("%+v", state)
	}
}
