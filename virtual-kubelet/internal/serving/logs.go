package serving

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (s *Server) logs(w http.ResponseWriter, r *http.Request) {
	options, err := logOptions(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	options.Container = r.PathValue("container")
	name := podName(r)
	log, err := s.find(name.Namespace, name.Name).Pods.Logs(r.Context(), name, options)
	if err != nil {
		http.Error(w, err.Error(), logStatus(err))
		return
	}
	defer log.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Transfer-Encoding", "chunked")
	if err := copyFlushed(w, log); err != nil && r.Context().Err() == nil {
		s.config.Log.Info("a log was cut off", "namespace", name.Namespace, "pod", name.Name, "error", err)
	}
}

// logStatus is one of the two whose text the API server passes on to who asked: of all others it says its own.
func logStatus(err error) int {
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusNotImplemented {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// copyFlushed passes every piece on at once, for those who follow.
func copyFlushed(w http.ResponseWriter, from io.Reader) error {
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			_ = flush.Flush()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// logOptions are the API's query parameters; what cannot be read is an error, as with a kubelet.
func logOptions(q url.Values) (*corev1.PodLogOptions, error) {
	o := &corev1.PodLogOptions{}
	for name, to := range map[string]*bool{"follow": &o.Follow, "previous": &o.Previous, "timestamps": &o.Timestamps} {
		if text := q.Get(name); text != "" {
			value, err := strconv.ParseBool(text)
			if err != nil {
				return nil, fmt.Errorf("%s is %q and has to be true or false", name, text)
			}
			*to = value
		}
	}
	for name, to := range map[string]**int64{"tailLines": &o.TailLines, "limitBytes": &o.LimitBytes, "sinceSeconds": &o.SinceSeconds} {
		if text := q.Get(name); text != "" {
			value, err := strconv.ParseInt(text, 10, 64)
			if err != nil || value < 0 || value == 0 && name != "tailLines" {
				return nil, fmt.Errorf("%s is %q and has to be a positive number", name, text)
			}
			*to = &value
		}
	}
	if text := q.Get("sinceTime"); text != "" {
		value, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("sinceTime is %q and has to be a time such as 2006-01-02T15:04:05Z", text)
		}
		at := metav1.NewTime(value)
		o.SinceTime = &at
	}
	if o.SinceTime != nil && o.SinceSeconds != nil {
		return nil, errors.New("at most one of sinceTime and sinceSeconds can be given")
	}
	return o, nil
}
