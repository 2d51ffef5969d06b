package ssh

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// size is what an attempt's log files take.
func (j *job) size(attempt int) (bytes int64, files int) {
	logs, _ := filepath.Glob(j.directory(attempt) + "/log.*")
	for _, log := range logs {
		if info, err := os.Stat(log); err == nil {
			bytes, files = bytes+info.Size(), files+1
		}
	}
	return
}

// The process goes on, the files stay within their bounds, and what is kept has no gap.
func TestFloodedLog(t *testing.T) {
	l := newLab(t, "busybox")
	l.config.Logs = Logs{MaxSize: resource.MustParse("64Ki"), MaxFiles: 3}
	j := l.job(t, l.agent(t), `i=0; while [ $i -lt 60000 ]; do echo "line $i of a flood"; i=$((i + 1)); done; exit 4`)
	j.run(0)
	// Followed, it may lose files that are gone before they were read, but never part of a line, nor the end.
	followed, err := j.Logs(j.ctx, j.id(0), runtime.LogOptions{Tail: -1, Follow: true})
	must(t, err)
	last, lines := -1, bufio.NewScanner(followed)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "line %d of a flood", &n); err != nil || n <= last {
			t.Fatalf("after line %d: %q", last, lines.Text())
		}
		last = n
	}
	must(t, lines.Err())
	if last != 59999 {
		t.Fatalf("the last line followed is %d", last)
	}
	if state := j.ended(0); state.ExitCode != 4 {
		t.Fatalf("ended as %+v", state)
	}
	bytes, files := j.size(0)
	if files != 3 || bytes > 3*64<<10 || bytes < 2*64<<10-200 {
		t.Errorf("%d files of %d bytes", files, bytes)
	}
	kept := strings.Split(strings.TrimSuffix(j.log(0, runtime.LogOptions{Tail: -1}), "\n"), "\n")
	for i, line := range kept {
		if want := "line " + strconv.Itoa(60000-len(kept)+i) + " of a flood"; line != want {
			t.Fatalf("%q instead of %q", line, want)
		}
	}
	if tail := j.log(0, runtime.LogOptions{Tail: 3000}); strings.Count(tail, "\n") != 3000 || !strings.HasPrefix(tail, "line 57000 ") {
		t.Errorf("a tail over several files begins with %.40q and has %d lines", tail, strings.Count(tail, "\n"))
	}
}

// A line without end would need memory without end. What the pipe held behind it, 64 KiB, may be lost with it.
func TestLineWithoutEnd(t *testing.T) {
	l := newLab(t, "busybox")
	j := l.job(t, l.agent(t), `echo before; x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do x=$x$x; done; i=0; while [ $i -lt 64 ]; do printf %s "$x"; i=$((i + 1)); done; echo; while [ $i -lt 9000 ]; do echo "behind it, line $i"; i=$((i + 1)); done; echo after; exit 5`)
	j.run(0)
	if state := j.ended(0); state.ExitCode != 5 {
		t.Fatalf("ended as %+v", state)
	}
	log := j.log(0, runtime.LogOptions{Tail: -1})
	if !strings.HasPrefix(log, "before\n") || !strings.HasSuffix(log, "after\n") || !strings.Contains(log, "a line too long for the log was left out") {
		t.Errorf("a log of %d bytes begins with %.60q", len(log), log)
	}
	if bytes, _ := j.size(0); bytes > 40<<20 {
		t.Errorf("it has %d bytes", bytes)
	}
}
