package ssh

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A script that is still being sent, on a connection that its agent has given up, is not taken away by the one sent after it.
func TestInstallBesideACutOffOne(t *testing.T) {
	l := newLab(t, "busybox")
	d := l.agent(t)
	found, err := d.link.get(t.Context())
	must(t, err)
	session, err := found.session(t.Context())
	must(t, err)
	defer session.Close()
	input, err := session.StdinPipe()
	must(t, err)
	text := d.script(found.root)
	must(t, session.Start("exec sh -c "+quote(put, "sh", found.script, strconv.Itoa(len(text)))))
	_, err = io.WriteString(input, text[:100])
	must(t, err)
	until(t, "a half is there", func() bool { halves, _ := filepath.Glob(found.script + ".*"); return len(halves) == 1 })
	older := found.root + "/script.0"
	must(t, os.WriteFile(older, nil, 0o600))
	must(t, d.install(t.Context()))
	_, err = io.WriteString(input, text[100:])
	must(t, err)
	must(t, input.Close())
	must(t, session.Wait())
	if got, err := os.ReadFile(found.script); err != nil || string(got) != text {
		t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
	}
	if _, err := os.Stat(older); !os.IsNotExist(err) {
		t.Errorf("another one's script: %v", err)
	}
}

// Many calls at once find that the device has another agent's script: one sends it at a time, and all get their answers.
func TestManyInstallAtOnce(t *testing.T) {
	l := newLab(t, "dash")
	j := l.job(t, l.agent(t), "sleep 1000")
	j.run(0)
	busybox := lookup(t, "busybox")
	l.fake(t, "cat", strings.NewReplacer("BUSYBOX", busybox, "HOME", l.home).Replace(`case $(BUSYBOX readlink /proc/$$/fd/1) in */script.*)
	BUSYBOX mkdir HOME/sent 2>/dev/null || echo >HOME/two
	BUSYBOX sleep 0.2
	BUSYBOX rmdir HOME/sent ;;
esac`))
	l.config.Logs.MaxFiles = 2
	j.device = l.agent(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if states, err := j.Observe(j.ctx); err != nil || len(states) != 1 {
				t.Errorf("%v, %v", states, err)
			}
		})
	}
	group.Wait()
	if _, err := os.Stat(l.home + "/two"); err == nil {
		t.Error("two were sent at a time")
	}
}
