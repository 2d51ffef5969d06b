package agent

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serveHealth answers on the loopback interface: /healthz (the agent works), /readyz (its nodes are registered and it can serve),
// /metrics.
func (a *Agent) serveHealth(ctx context.Context) error {
	if a.config.HealthPort < 0 {
		<-ctx.Done()
		return nil
	}
	server := &http.Server{
		Addr:    net.JoinHostPort("127.0.0.1", strconv.Itoa(int(a.config.HealthPort))),
		Handler: a.healthHandler(), ReadHeaderTimeout: 10 * time.Second,
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.ListenAndServe()
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}

func (a *Agent) healthHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", answer(func() error {
		var all []error
		for _, m := range a.members {
			all = append(all, m.alive())
		}
		return errors.Join(all...)
	}))
	mux.HandleFunc("GET /readyz", answer(func() error {
		var all []error
		for _, m := range a.members {
			all = append(all, m.ready())
		}
		if a.serving != nil && a.serving.Current() == nil {
			all = append(all, errors.New("the serving certificate was not approved yet"))
		}
		return errors.Join(all...)
	}))
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry(), promhttp.HandlerOpts{}))
	return mux
}

func answer(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	}
}
