package agent

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	vklog "github.com/virtual-kubelet/virtual-kubelet/log"
	"github.com/virtual-kubelet/virtual-kubelet/trace"
)

func TestWhatTheLibraryTellsInsideItsSpansIsHeard(t *testing.T) {
	var heard strings.Builder
	ctx, outer := trace.StartSpan(withLog(t.Context(), slog.New(slog.NewTextHandler(&heard, nil))), "outer")
	ctx = outer.WithField(ctx, "pod", "web")
	ctx, inner := trace.StartSpan(outer.WithFields(ctx, vklog.Fields{"try": 2}), "inner")
	inner.End()
	vklog.G(ctx).WithError(errors.New("forbidden")).Error("Error handling node status update")
	for _, part := range []string{"level=WARN", "Error handling node status update", "error=forbidden", "pod=web", "try=2"} {
		if !strings.Contains(heard.String(), part) {
			t.Errorf("%q has no %s", heard.String(), part)
		}
	}
}
