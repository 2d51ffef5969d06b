package agent

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"pulumi-kubeadm/virtual-kubelet/internal/apitest"
	"pulumi-kubeadm/virtual-kubelet/internal/node"
	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
)

// running is an agent of one simulated node, with the real library between it and an API in memory.
func running(t *testing.T) (*Agent, *fake.Clientset) {
	t.Helper()
	file := t.TempDir() + "/provider.yaml"
	if err := os.WriteFile(file, []byte("directory: "+t.TempDir()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientset()
	api.PrependReactor("create", "serviceaccounts", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{Token: "t", ExpirationTimestamp: metav1.NewTime(time.Now().Add(time.Hour))}}, nil
	})
	begun := apitest.Watches(api)
	a := &Agent{
		options: Options{NodeName: "n1", Provider: "simulated", ProviderConfig: file}, provider: providers["simulated"],
		config: node.Config{Address: "192.0.2.1", Port: 1, OS: "linux", Arch: "amd64"}, log: slog.New(slog.DiscardHandler),
	}
	ctx, cancel := context.WithCancel(context.Background())
	m, err := a.newMember(ctx, "n1", api, resolve.Host{})
	if err != nil {
		t.Fatal(err)
	}
	a.members = []*member{m}
	done := make(chan error, 1)
	go func() { done <- m.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	<-begun
	return a, api
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestPodsThroughTheLibrary(t *testing.T) {
	a, api := running(t)
	ctx := context.Background()
	get := func() *corev1.Pod {
		pod, err := api.CoreV1().Pods("default").Get(ctx, "a", metav1.GetOptions{})
		if err != nil {
			return nil
		}
		return pod
	}
	pod := somePod("u")
	// Would fail in the library if it resolved environments.
	pod.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}}}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "default"}}
	if _, err := api.CoreV1().Secrets("default").Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.CoreV1().Pods("default").Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "running", func() bool { return get().Status.Phase == corev1.PodRunning })
	if conditions := get().Status.Conditions; conditions[0].Type != corev1.DisruptionTarget {
		t.Errorf("a condition of somebody else's was dropped: %+v", conditions)
	}
	deleted, grace, now := get(), int64(30), metav1.Now()
	deleted.DeletionTimestamp, deleted.DeletionGracePeriodSeconds = &now, &grace
	if _, err := api.CoreV1().Pods("default").Update(ctx, deleted, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gone", func() bool { return get() == nil })
	for _, action := range api.Actions() {
		verb, resource := action.GetVerb(), action.GetResource().Resource
		if (verb == "list" || verb == "watch") && resource != "pods" {
			t.Errorf("a node may not %s %s", verb, resource)
		}
		if l, ok := action.(k8stesting.ListAction); ok && !strings.Contains(l.GetListRestrictions().Fields.String(), "spec.nodeName=n1") {
			t.Errorf("pods are listed by %s", l.GetListRestrictions().Fields)
		}
	}
	eventually(t, "the place is empty", func() bool {
		pods, err := a.members[0].place.GetPods(ctx)
		return err == nil && len(pods) == 0
	})
}

func TestOfAPodThatIsDeletedByForceNothingIsKept(t *testing.T) {
	a, api := running(t)
	kept := func() int {
		pods := a.members[0].pods
		pods.mu.Lock()
		defer pods.mu.Unlock()
		return len(pods.sent)
	}
	if _, err := api.CoreV1().Pods("default").Create(t.Context(), somePod("u"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a status that was sent", func() bool { return kept() == 1 })
	if err := api.CoreV1().Pods("default").Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing kept", func() bool { return kept() == 0 })
}

func TestHealth(t *testing.T) {
	a, _ := running(t)
	server := httptest.NewServer(a.healthHandler())
	defer server.Close()
	get := func(path string) (int, string) {
		answer, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	eventually(t, "ready", func() bool { status, _ := get("/readyz"); return status == http.StatusOK })
	if status, text := get("/healthz"); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	_, text := get("/metrics")
	for _, line := range []string{`virtual_kubelet_device_reachable{node="n1"} 1`, `virtual_kubelet_pods{node="n1",phase="Running"} 0`, `virtual_kubelet_container_restarts_total{node="n1"} 0`} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
}

func TestNamesOfSimulatedNodes(t *testing.T) {
	for text, want := range map[string]string{"{}": "n", "nodes: 1": "n-0", "nodes: 3": "n-0 n-1 n-2"} {
		file := t.TempDir() + "/provider.yaml"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names, err := providers["simulated"].names(file, "n")
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("%s: %v %v", text, names, err)
		}
	}
	if _, err := providerOf("none"); err == nil || !strings.Contains(err.Error(), "simulated") {
		t.Errorf("%v", err)
	}
}

func TestCleanEndsEverything(t *testing.T) {
	directory := t.TempDir()
	file := directory + "/provider.yaml"
	if err := os.WriteFile(file, []byte("nodes: 2\ndirectory: "+directory+"/state\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"n-0", "n-1"} {
		if err := os.MkdirAll(directory+"/state/"+name, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(directory+"/state/"+name+"/u.json", []byte(`{"UID":"u","Name":"a"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Clean(t.Context(), "simulated", file, "n"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"n-0", "n-1"} {
		if left, err := os.ReadDir(directory + "/state/" + name); err != nil || len(left) != 0 {
			t.Errorf("left on %s: %v %v", name, left, err)
		}
	}
}
