package agent

import (
	"strings"

	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
)

// recorder leaves the library's own events out: they tell that a pod was handed over, which to people looks as if it had been done.
type recorder struct{ record.EventRecorder }

func own(reason string) bool {
	return !(strings.HasPrefix(reason, "Provider") && strings.HasSuffix(reason, "Success"))
}

func (r recorder) Event(object k8sruntime.Object, kind, reason, message string) {
	if own(reason) {
		r.EventRecorder.Event(object, kind, reason, message)
	}
}

func (r recorder) Eventf(object k8sruntime.Object, kind, reason, format string, args ...any) {
	if own(reason) {
		r.EventRecorder.Eventf(object, kind, reason, format, args...)
	}
}
