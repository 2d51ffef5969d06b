package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// Node is one node that is served.
type Node struct {
	Name string
	Pods runtime.Pods
	// Lister has the node's pods as the API has them.
	Lister corelisters.PodLister
}

// Config of the listener.
type Config struct {
	// Nodes of the agent, at least one. What is asked of a pod goes to the pod's node; what is asked of a node is told of all of them,
	// because a request does not say through which node's address it came.
	Nodes          []Node
	API            kubernetes.Interface
	ClientCAFile   string
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Log            *slog.Logger
}

// Server is the handler of all requests.
type Server struct {
	config Config
	authn  *authenticator
	authz  *authorizer
	mux    *http.ServeMux
	rates  rates
}

// New makes the handler.
func New(c Config) *Server {
	s := &Server{config: c, authn: newAuthenticator(c.API, c.ClientCAFile), authz: newAuthorizer(c.API), mux: http.NewServeMux()}
	s.rates.last = map[runtime.ContainerID]runtime.ContainerStats{}
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	s.mux.HandleFunc("GET /pods", s.pods)
	s.mux.HandleFunc("GET /pods/{$}", s.pods)
	s.mux.HandleFunc("GET /runningpods/", s.runningPods)
	s.mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.logs)
	s.mux.HandleFunc("GET /stats/summary", s.summary)
	s.mux.HandleFunc("GET /stats/summary/{$}", s.summary)
	s.mux.HandleFunc("GET /metrics/resource", s.resourceMetrics)
	for _, method := range []string{"GET ", "POST "} {
		s.mux.HandleFunc(method+"/exec/{namespace}/{pod}/{container}", s.exec)
		s.mux.HandleFunc(method+"/exec/{namespace}/{pod}/{uid}/{container}", s.exec)
		s.mux.HandleFunc(method+"/attach/{namespace}/{pod}/{container}", s.attach)
		s.mux.HandleFunc(method+"/attach/{namespace}/{pod}/{uid}/{container}", s.attach)
		s.mux.HandleFunc(method+"/portForward/{namespace}/{pod}", s.portForward)
		s.mux.HandleFunc(method+"/portForward/{namespace}/{pod}/{uid}", s.portForward)
	}
	return s
}

// ServeHTTP lets nobody in who is not known and allowed.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, err := s.authn.user(r)
	switch {
	case err != nil:
		s.config.Log.Warn("a request could not be authenticated", "path", r.URL.Path, "error", err)
		fallthrough
	case user == nil:
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	ok, asked, err := s.authz.allowed(r.Context(), user, r.Method, r.URL.Path, s.nodeOf(r.URL.Path))
	if err != nil {
		s.config.Log.Warn("a request could not be authorized", "path", r.URL.Path, "user", user.Username, "error", err)
		http.Error(w, "the API could not be asked whether this is allowed", http.StatusInternalServerError)
		return
	}
	if !ok {
		http.Error(w, "Forbidden: user "+user.Username+" may not "+asked, http.StatusForbidden)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Listen serves on address until ctx ends.
func (s *Server) Listen(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return s.Serve(ctx, listener)
}

// Serve serves on a listener until ctx ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 90 * time.Second,
		ErrorLog:    slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert, GetCertificate: s.config.GetCertificate,
			// Streams take the connection over, which HTTP/2 does not have.
			NextProtos: []string{"http/1.1"},
		},
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.ServeTLS(listener, "", "")
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}

// find is the node that has the pod; the first where none has.
func (s *Server) find(namespace, name string) Node {
	if len(s.config.Nodes) > 1 {
		for _, n := range s.config.Nodes {
			if _, err := n.Lister.Pods(namespace).Get(name); err == nil {
				return n
			}
		}
	}
	return s.config.Nodes[0]
}

// allPods of all nodes, as the API has them.
func (s *Server) allPods() []corev1.Pod {
	out := []corev1.Pod{}
	for _, n := range s.config.Nodes {
		pods, err := n.Lister.List(labels.Everything())
		if err != nil {
			continue
		}
		for _, p := range pods {
			out = append(out, *p)
		}
	}
	return out
}
