package device

import (
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// use is what the processes of a group use.
type use struct {
	cpu   float64
	pages uint64
	// living processes; what has ended and was not waited for is none.
	living int
}

// groups looks at all processes once.
func groups() (map[int]use, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	found := map[int]use{}
	for _, process := range all {
		stat, err := process.Stat()
		if err != nil {
			// It ended meanwhile.
			continue
		}
		one := found[stat.PGRP]
		one.cpu += stat.CPUTime()
		one.pages += uint64(max(stat.RSS, 0))
		if stat.State != "Z" && stat.State != "X" {
			one.living++
		}
		found[stat.PGRP] = one
	}
	return found, nil
}

// born is when a process was started, in the kernel's count; 0 when there is none.
func born(pid int) uint64 {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return 0
	}
	stat, err := process.Stat()
	if err != nil {
		return 0
	}
	return stat.Starttime
}

// endGroup lets a group end until a time, then ends it, and returns when nothing of it is left.
// Its first process was not waited for yet: until then nobody else gets its number.
func endGroup(pid int, until func() time.Time) {
	for pause, killed := 10*time.Millisecond, false; ; pause = min(2*pause, time.Second) {
		if !killed && !time.Now().Before(until()) {
			killed = unix.Kill(-pid, unix.SIGKILL) == nil
		}
		if found, err := groups(); err == nil && found[pid].living == 0 {
			return
		}
		time.Sleep(pause)
	}
}

// killLeftOver ends what an earlier run of the device left: that group, and not one that has its number by now.
func killLeftOver(a *attempt) {
	if now := born(a.Pid); now != 0 && now != a.Born {
		return
	}
	for unix.Kill(-a.Pid, unix.SIGKILL) == nil {
		if found, err := groups(); err == nil && found[a.Pid].living == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
