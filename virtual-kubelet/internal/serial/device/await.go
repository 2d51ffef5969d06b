package device

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// await keeps the log and the end of a process. A container is over when its first process is; after a stop the others have the
// rest of the grace, else they end with it.
func (d *Device) await(p *pod, a *attempt, document protocol.Document, command *exec.Cmd, output *os.File) {
	defer d.processes.Done()
	copied := make(chan struct{})
	go func() {
		// It ends with the last writer, or when it is closed below.
		_, _ = io.Copy(a.log, output)
		close(copied)
	}()
	pid := command.Process.Pid
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	endGroup(pid, func() time.Time {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		return a.deadline
	})
	d.mutex.Lock()
	a.Pid = 0
	d.mutex.Unlock()
	_ = command.Wait()
	select {
	case <-copied:
	case <-time.After(time.Second):
		// What left the group may hold the pipe for ever.
	}
	output.Close()
	<-copied
	a.log.finish()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.ended(p, a, document, command.ProcessState.Sys().(syscall.WaitStatus))
}

func (d *Device) ended(p *pod, a *attempt, document protocol.Document, status syscall.WaitStatus) {
	if a.killer != nil {
		a.killer.Stop()
	}
	a.State, a.Ended, a.Code = ended, d.now().Unix(), status.ExitStatus()
	if status.Signaled() {
		a.Signal = int(status.Signal())
		a.Code = 128 + a.Signal
	}
	if file, err := os.Open(filepath.Join(d.root(p, a), filepath.Clean("/"+document.MessageFile))); err == nil && document.MessageFile != "" {
		text, _ := io.ReadAll(io.LimitReader(file, longestMessage))
		file.Close()
		a.Message = string(text)
	}
	if a.Message == "" && document.MessageFromLog && a.Code != 0 {
		a.Message = a.log.last(logMessageLines, longestLogMessage)
	}
	if err := d.changed(); err != nil {
		// The state in memory is right; the next change writes it again.
		fmt.Fprintln(os.Stderr, err)
	}
}
