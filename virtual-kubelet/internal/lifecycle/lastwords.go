package lifecycle

import (
	"context"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

const (
	// wordsLines and wordsBytes of a log are a message, as with a kubelet.
	wordsLines, wordsBytes = 80, 2048
	wordsTimeout           = 10 * time.Second
)

// lastWords reads the end of the log of containers that failed, left no message, and want that for one (FallbackToLogsOnError).
func (m *Manager) lastWords(ctx context.Context, p *pod, t turn) {
	p.mu.Lock()
	inits, mains := m.views(p, t)
	var silent []*view
	for _, v := range append(inits, mains...) {
		if v.hasEnded() && v.last.ExitCode != 0 && v.last.Message == "" && v.mem.heard != v.last.Attempt &&
			v.spec.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
			silent = append(silent, v)
		}
	}
	p.mu.Unlock()
	for _, v := range silent {
		words := m.endOfLog(ctx, runtime.ContainerID{Pod: p.uid, Name: v.spec.Name, Attempt: v.last.Attempt})
		p.mu.Lock()
		v.mem.lastWords, v.mem.heard = words, v.last.Attempt
		p.mu.Unlock()
	}
}

// endOfLog is empty where it cannot be read: the exit code counts, not what was said.
func (m *Manager) endOfLog(ctx context.Context, id runtime.ContainerID) string {
	ctx, cancel := context.WithTimeout(ctx, wordsTimeout)
	defer cancel()
	log, err := m.rt.Logs(ctx, id, runtime.LogOptions{Tail: wordsLines})
	if err != nil {
		return ""
	}
	defer log.Close()
	text, err := io.ReadAll(io.LimitReader(log, 1<<20))
	if err != nil {
		return ""
	}
	return string(text[max(0, len(text)-wordsBytes):])
}
