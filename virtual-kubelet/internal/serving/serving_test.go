package serving

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// authority issues certificates for a test.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key, a.cert = a.make(t, template, nil)
	a.file = t.TempDir() + "/ca.crt"
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) make(t *testing.T, template *x509.Certificate, parent *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, c
}

func (a *authority) issue(t *testing.T, name string, groups []string, usage x509.ExtKeyUsage) tls.Certificate {
	key, c := a.make(t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name, Organization: groups},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage},
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")},
	}, a.cert)
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key}
}

// pods is a runtime.Pods whose one pod has one container, "app", that echoes.
type pods struct {
	runtime.Pods
	options atomic.Pointer[corev1.PodLogOptions]
	resized atomic.Int32
	release chan struct{}
}

func (p *pods) Logs(_ context.Context, name runtime.PodName, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	if o.Container != "app" {
		return nil, fmt.Errorf("container %s: %w", o.Container, runtime.ErrNotFound)
	}
	p.options.Store(o)
	if !o.Follow {
		return io.NopCloser(strings.NewReader("log of " + name.Name + "\n")), nil
	}
	r, w := io.Pipe()
	go func() {
		fmt.Fprintln(w, "first")
		<-p.release
		fmt.Fprintln(w, "second")
		w.Close()
	}()
	return r, nil
}

func (p *pods) Exec(_ context.Context, _ runtime.PodName, _ string, command []string, s runtime.Streams) error {
	switch command[0] {
	case "cat":
		_, err := io.Copy(s.Stdout, s.Stdin)
		return err
	case "both":
		fmt.Fprint(s.Stdout, "out")
		fmt.Fprint(s.Stderr, "err")
	case "size":
		size := <-s.Resize
		p.resized.Store(int32(size.Width))
		fmt.Fprintf(s.Stdout, "tty=%v stderr=%v", s.TTY, s.Stderr != nil)
	case "fail":
		return runtime.ExitError{Code: 42}
	}
	return nil
}

func (p *pods) Attach(context.Context, runtime.PodName, string, runtime.Streams) error {
	return fmt.Errorf("attach: the line has one stream: %w", runtime.ErrNotPossible)
}

func (p *pods) PortForward(_ context.Context, _ runtime.PodName, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	text := make([]byte, 4)
	if _, err := io.ReadFull(stream, text); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stream, "%s:%d", text, port)
	return err
}

func (p *pods) Usage(context.Context) ([]runtime.Usage, error) {
	pod := podObject()
	return []runtime.Usage{{Pod: pod, Container: "app", ContainerStats: runtime.ContainerStats{
		ID: runtime.ContainerID{Pod: pod.UID, Name: "app"}, CPUNanoseconds: 2_500_000_000, MemoryBytes: 1 << 20, Time: time.Unix(1_800_000_000, 0),
	}}}, nil
}

func podObject() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "default", UID: "u"}, Spec: corev1.PodSpec{NodeName: "n1"},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}},
	}
}

// fixture is a listener with an API behind it that knows the token "good" and lets "admins" do everything.
type fixture struct {
	t    *testing.T
	ca   *authority
	api  *fake.Clientset
	pods *pods
	url  string
	asks atomic.Int32
	last atomic.Pointer[authorizationv1.SubjectAccessReviewSpec]
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, ca: newAuthority(t), api: fake.NewClientset(), pods: &pods{release: make(chan struct{})}}
	f.api.PrependReactor("create", "tokenreviews", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		review := action.(k8stesting.CreateAction).GetObject().(*authenticationv1.TokenReview).DeepCopy()
		if review.Spec.Token == "good" {
			review.Status = authenticationv1.TokenReviewStatus{Authenticated: true, User: authenticationv1.UserInfo{Username: "metrics", Groups: []string{"readers"}}}
		}
		return true, review, nil
	})
	f.api.PrependReactor("create", "subjectaccessreviews", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		review := action.(k8stesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview).DeepCopy()
		f.asks.Add(1)
		f.last.Store(&review.Spec)
		for _, g := range review.Spec.Groups {
			review.Status.Allowed = review.Status.Allowed || g == "admins" || g == "readers" && review.Spec.ResourceAttributes.Subresource == "metrics"
		}
		return true, review, nil
	})
	store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	if err := store.Add(podObject()); err != nil {
		t.Fatal(err)
	}
	own := f.ca.issue(t, "system:node:n1", nil, x509.ExtKeyUsageServerAuth)
	server := New(Config{
		Nodes: []Node{{Name: "n1", Pods: f.pods, Lister: corelisters.NewPodLister(store)}}, API: f.api, ClientCAFile: f.ca.file, Log: slog.New(slog.DiscardHandler),
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &own, nil },
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	f.url = "https://" + listener.Addr().String()
	return f
}

// config is a client's, with a certificate or none.
func (f *fixture) config(cert *tls.Certificate, token string) *rest.Config {
	c := &rest.Config{Host: f.url, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAFile: f.ca.file}}
	if cert != nil {
		key, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
		if err != nil {
			f.t.Fatal(err)
		}
		c.CertData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
		c.KeyData = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key})
	}
	return c
}

func (f *fixture) admin() *rest.Config {
	c := f.ca.issue(f.t, "kube-apiserver-kubelet-client", []string{"admins"}, x509.ExtKeyUsageClientAuth)
	return f.config(&c, "")
}

func (f *fixture) get(c *rest.Config, path string) (int, string) {
	f.t.Helper()
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		f.t.Fatal(err)
	}
	answer, err := client.Get(f.url + path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestNobodyUnknownGetsIn(t *testing.T) {
	f := newFixture(t)
	foreign := newAuthority(t).issue(t, "kube-apiserver-kubelet-client", []string{"admins"}, x509.ExtKeyUsageClientAuth)
	server := f.ca.issue(t, "system:node:n1", []string{"admins"}, x509.ExtKeyUsageServerAuth)
	weak := f.ca.issue(t, "somebody", []string{"others"}, x509.ExtKeyUsageClientAuth)
	for name, c := range map[string]struct {
		config *rest.Config
		path   string
		status int
	}{
		"anonymous":                  {f.config(nil, ""), "/pods", http.StatusUnauthorized},
		"anonymous health":           {f.config(nil, ""), "/healthz", http.StatusUnauthorized},
		"another authority":          {f.config(&foreign, ""), "/pods", http.StatusUnauthorized},
		"a server's certificate":     {f.config(&server, ""), "/pods", http.StatusUnauthorized},
		"a token nobody knows":       {f.config(nil, "bad"), "/metrics/resource", http.StatusUnauthorized},
		"known and not allowed":      {f.config(&weak, ""), "/pods", http.StatusForbidden},
		"allowed something else":     {f.config(nil, "good"), "/pods", http.StatusForbidden},
		"exec needs more":            {f.config(nil, "good"), "/exec/default/a/app?command=x", http.StatusForbidden},
		"a token for metrics":        {f.config(nil, "good"), "/metrics/resource", http.StatusOK},
		"the API server":             {f.admin(), "/pods", http.StatusOK},
		"the API server, not served": {f.admin(), "/configz", http.StatusNotFound},
	} {
		if status, text := f.get(c.config, c.path); status != c.status {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

func TestRightsAreThoseOfAKubelet(t *testing.T) {
	for path, want := range map[string]string{
		"/stats/summary": "get nodes/stats", "/metrics/resource": "get nodes/metrics", "/pods": "get nodes/pods",
		"/runningpods/": "get nodes/pods", "/containerLogs/default/a/app": "get nodes/proxy", "/exec/default/a/app": "get nodes/proxy",
	} {
		f := newFixture(t)
		admin := f.admin()
		f.get(admin, path)
		a := f.last.Load().ResourceAttributes
		if got := a.Verb + " " + a.Resource + "/" + a.Subresource; got != want || a.Name != "n1" {
			t.Errorf("%s asks for %s of %s", path, got, a.Name)
		}
		f.get(admin, path)
		if n := f.asks.Load(); n != 1 {
			t.Errorf("%s: the API was asked %d times", path, n)
		}
	}
}

func TestLogs(t *testing.T) {
	f := newFixture(t)
	admin := f.admin()
	status, text := f.get(admin, "/containerLogs/default/a/app?tailLines=5&previous=true&timestamps=true&limitBytes=100&sinceSeconds=60")
	if status != http.StatusOK || text != "log of a\n" {
		t.Fatalf("%d %s", status, text)
	}
	o := f.pods.options.Load()
	if *o.TailLines != 5 || !o.Previous || !o.Timestamps || *o.LimitBytes != 100 || *o.SinceSeconds != 60 || o.Follow {
		t.Fatalf("%+v", o)
	}
	for path, want := range map[string]int{
		"/containerLogs/default/a/other":                              http.StatusBadRequest,
		"/containerLogs/default/a/app?tailLines=many":                 http.StatusBadRequest,
		"/containerLogs/default/a/app?sinceTime=gestern":              http.StatusBadRequest,
		"/containerLogs/default/a/app?follow=maybe":                   http.StatusBadRequest,
		"/containerLogs/default/a/app?limitBytes=0":                   http.StatusBadRequest,
		"/containerLogs/default/a/app?tailLines=0":                    http.StatusOK,
		"/containerLogs/default/a/app?sinceTime=2026-01-02T03:04:05Z": http.StatusOK,
	} {
		if status, text := f.get(admin, path); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

func TestFollowedLogsComeAtOnce(t *testing.T) {
	f := newFixture(t)
	client, err := rest.HTTPClientFor(f.admin())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Get(f.url + "/containerLogs/default/a/app?follow=true")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	first := make([]byte, 6)
	// The rest is only written when this has arrived.
	if _, err := io.ReadFull(answer.Body, first); err != nil || string(first) != "first\n" {
		t.Fatalf("%s %v", first, err)
	}
	close(f.pods.release)
	rest, err := io.ReadAll(answer.Body)
	if err != nil || string(rest) != "second\n" {
		t.Fatalf("%s %v", rest, err)
	}
}

// executors are the two ways in which clients speak: as kubectl did for long, and as it does now.
func executors(t *testing.T, f *fixture, query url.Values) map[string]remotecommand.Executor {
	t.Helper()
	u, err := url.Parse(f.url + "/exec/default/a/app?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	overSPDY, err := remotecommand.NewSPDYExecutor(f.admin(), "POST", u)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]remotecommand.Executor{"spdy": overSPDY}
}

func TestExec(t *testing.T) {
	f := newFixture(t)
	for name, c := range executors(t, f, url.Values{"command": {"cat"}, "input": {"1"}, "output": {"1"}}) {
		var out bytes.Buffer
		err := c.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdin: strings.NewReader("hello"), Stdout: &out})
		if err != nil || out.String() != "hello" {
			t.Errorf("%s: %q %v", name, out.String(), err)
		}
	}
	for name, c := range executors(t, f, url.Values{"command": {"both"}, "output": {"1"}, "error": {"1"}}) {
		var out, errs bytes.Buffer
		err := c.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: &out, Stderr: &errs})
		if err != nil || out.String() != "out" || errs.String() != "err" {
			t.Errorf("%s: %q %q %v", name, out.String(), errs.String(), err)
		}
	}
	for name, c := range executors(t, f, url.Values{"command": {"fail"}, "output": {"1"}}) {
		err := c.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: io.Discard})
		if exit, ok := err.(exec.CodeExitError); !ok || exit.Code != 42 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type oneSize struct{ left int }

func (s *oneSize) Next() *remotecommand.TerminalSize {
	if s.left == 0 {
		return nil
	}
	s.left--
	return &remotecommand.TerminalSize{Width: 123, Height: 45}
}

func TestExecWithATerminal(t *testing.T) {
	f := newFixture(t)
	for name, c := range executors(t, f, url.Values{"command": {"size"}, "output": {"1"}, "tty": {"1"}}) {
		var out bytes.Buffer
		err := c.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: &out, Tty: true, TerminalSizeQueue: &oneSize{1}})
		if err != nil || out.String() != "tty=true stderr=false" || f.pods.resized.Load() != 123 {
			t.Errorf("%s: %q %v, width %d", name, out.String(), err, f.pods.resized.Load())
		}
	}
}

func TestAttachSaysWhyNot(t *testing.T) {
	f := newFixture(t)
	u, _ := url.Parse(f.url + "/attach/default/a/app?output=1")
	c, err := remotecommand.NewSPDYExecutor(f.admin(), "POST", u)
	if err != nil {
		t.Fatal(err)
	}
	err = c.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "the line has one stream") {
		t.Fatalf("error is %v", err)
	}
}

func TestPortForward(t *testing.T) {
	f := newFixture(t)
	transport, upgrader, err := spdy.RoundTripperFor(f.admin())
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(f.url + "/portForward/default/a")
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, "POST", u)
	stop, ready := make(chan struct{}), make(chan struct{})
	defer close(stop)
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:8080"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-failed:
		t.Fatal(err)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0].Local))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "ping")
	text, err := io.ReadAll(c)
	if err != nil || string(text) != "ping:8080" {
		t.Fatalf("%s %v", text, err)
	}
}

// counters are what an agent of one node, or of several, says of a container that has done next to nothing.
func counters(t *testing.T, single bool) map[string]float64 {
	u := runtime.Usage{Pod: podObject(), Container: "app", ContainerStats: runtime.ContainerStats{MemoryBytes: 1 << 20, Time: time.Unix(1_800_000_000, 0)}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{[]runtime.Usage{u}, single})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		out[f.GetName()] = f.GetMetric()[0].GetCounter().GetValue()
	}
	return out
}

func TestIdleContainerHasUsedSomeTime(t *testing.T) {
	for _, of := range []string{"container", "pod", "node"} {
		if value := counters(t, true)[of+"_cpu_usage_seconds_total"]; value <= 0 {
			t.Errorf("the %s has used %v s, which metrics-server takes for missing", of, value)
		}
	}
}

func TestNodesThatShareAListenerHaveNoFiguresOfTheirOwn(t *testing.T) {
	found := counters(t, false)
	_, cpu := found["node_cpu_usage_seconds_total"]
	_, memory := found["node_memory_working_set_bytes"]
	if cpu || memory || found["pod_cpu_usage_seconds_total"] <= 0 {
		t.Errorf("%v", found)
	}
}

func TestFigures(t *testing.T) {
	f := newFixture(t)
	admin := f.admin()
	_, text := f.get(admin, "/metrics/resource")
	for _, line := range []string{
		`container_cpu_usage_seconds_total{container="app",namespace="default",pod="a"} 2.5 1800000000000`,
		`container_memory_working_set_bytes{container="app",namespace="default",pod="a"} 1.048576e+06 1800000000000`,
		`pod_memory_working_set_bytes{namespace="default",pod="a"} 1.048576e+06 1800000000000`,
		`node_cpu_usage_seconds_total 2.5 1800000000000`, `resource_scrape_error 0`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
	_, text = f.get(admin, "/stats/summary")
	var summary struct {
		Node struct{ NodeName string }
		Pods []struct {
			PodRef     struct{ Name string }
			Containers []struct {
				Memory struct{ WorkingSetBytes uint64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &summary); err != nil {
		t.Fatal(err)
	}
	if summary.Node.NodeName != "n1" || summary.Pods[0].PodRef.Name != "a" || summary.Pods[0].Containers[0].Memory.WorkingSetBytes != 1<<20 {
		t.Errorf("%s", text)
	}
	_, text = f.get(admin, "/runningpods/")
	var list corev1.PodList
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) != 1 {
		t.Errorf("%s %v", text, err)
	}
}
