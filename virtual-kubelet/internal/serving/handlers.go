package serving

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// nodeOf is the node whose rights a request needs: that of the pod in the path, else the first.
func (s *Server) nodeOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) >= 3 {
		return s.find(parts[1], parts[2]).Name
	}
	return s.config.Nodes[0].Name
}

func podName(r *http.Request) runtime.PodName {
	return runtime.PodName{Namespace: r.PathValue("namespace"), Name: r.PathValue("pod"), UID: types.UID(r.PathValue("uid"))}
}

func (s *Server) pods(w http.ResponseWriter, _ *http.Request) {
	writeList(w, s.allPods())
}

// runningPods are those that the place has containers of, as the library's clients know this path.
func (s *Server) runningPods(w http.ResponseWriter, _ *http.Request) {
	out := []corev1.Pod{}
	for _, p := range s.allPods() {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Running != nil {
				out = append(out, p)
				break
			}
		}
	}
	writeList(w, out)
}

func writeList(w http.ResponseWriter, pods []corev1.Pod) {
	list := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: pods}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, runtime.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, runtime.ErrNotPossible):
		return http.StatusNotImplemented
	case errors.Is(err, runtime.ErrUnreachable):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
