package node

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// pods is a place that can be made to answer or not.
type pods struct {
	runtime.Pods
	changed chan struct{}
	mu      sync.Mutex
	failure error
}

func (p *pods) Changed() <-chan struct{}      { return p.changed }
func (p *pods) Capacity() corev1.ResourceList { return nil }
func (p *pods) Reachable() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

func (p *pods) set(err error) {
	p.mu.Lock()
	p.failure = err
	p.mu.Unlock()
	p.changed <- struct{}{}
}

func config() Config {
	return Config{
		Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4")}, Address: "192.0.2.1", Port: 10300, OS: "linux", Arch: "arm64",
		Labels:      map[string]string{"site": "hall-2", "kubernetes.io/role": "agent", "node.kubernetes.io/exclude-from-external-load-balancers": "true"},
		Annotations: map[string]string{"a": "1"},
		Taints:      []corev1.Taint{{Key: "virtual-kubelet.io/provider", Value: "ssh", Effect: corev1.TaintEffectNoSchedule}},
	}
}

func TestObject(t *testing.T) {
	n := Object("press-7", "ssh", config())
	for key, want := range map[string]string{
		"type": "virtual-kubelet", "kubernetes.io/hostname": "press-7", "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64", "site": "hall-2",
		"node.kubernetes.io/exclude-from-external-load-balancers": "true",
	} {
		if n.Labels[key] != want {
			t.Errorf("label %s is %q", key, n.Labels[key])
		}
	}
	if _, there := n.Labels["kubernetes.io/role"]; there {
		t.Error("NodeRestriction refuses a node that gives itself a role")
	}
	if n.Status.DaemonEndpoints.KubeletEndpoint.Port != 10300 || len(n.Spec.Taints) != 1 || len(n.Status.Conditions) != 5 {
		t.Errorf("%+v", n)
	}
	if v := n.Status.NodeInfo.KubeletVersion; !strings.HasPrefix(v, "v1.") || !strings.HasSuffix(v, "-pulumi-kubeadm-"+Version) {
		t.Errorf("version is %s", v)
	}
}

func TestConfig(t *testing.T) {
	for text, want := range map[string]string{
		"address: 192.0.2.1\ncapacity: {cpu: 4}": "", "address: 192.0.2.1\ncapacitty: {}": "capacitty", "port: 1": "address is", "address: 192.0.2.1\nport: 70000": "no port",
	} {
		file := t.TempDir() + "/node.yaml"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := ReadConfig(file)
		if want == "" && (err != nil || c.Port != 10250 || c.Allocatable.Cpu().String() != "4" || c.OS != "linux") {
			t.Errorf("%+v %v", c, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// world runs a Controller against an API in memory.
func world(t *testing.T, objects ...*corev1.Node) (*fake.Clientset, *pods) {
	api := fake.NewClientset()
	for _, o := range objects {
		if err := api.Tracker().Add(o); err != nil {
			t.Fatal(err)
		}
	}
	p := &pods{changed: make(chan struct{})}
	c := New(Object("press-7", "ssh", config()), api, p, func() error { return nil }, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	eventually(t, "registered", c.Registered)
	return api, p
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func get(t *testing.T, api *fake.Clientset) *corev1.Node {
	t.Helper()
	n, err := api.CoreV1().Nodes().Get(context.Background(), "press-7", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ready(n *corev1.Node) corev1.NodeCondition {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c
		}
	}
	return corev1.NodeCondition{}
}

func TestReadyTellsOfTheDevice(t *testing.T) {
	api, p := world(t)
	eventually(t, "ready", func() bool { return ready(get(t, api)).Status == corev1.ConditionTrue })
	eventually(t, "lease", func() bool {
		l, err := api.CoordinationV1().Leases("kube-node-lease").Get(context.Background(), "press-7", metav1.GetOptions{})
		return err == nil && l.OwnerReferences[0].Name == "press-7"
	})
	p.set(errors.New("dial: no route"))
	eventually(t, "not ready", func() bool {
		c := ready(get(t, api))
		return c.Status == corev1.ConditionFalse && c.Reason == "DeviceUnreachable" && strings.Contains(c.Message, "no route")
	})
	p.set(nil)
	eventually(t, "ready again", func() bool { return ready(get(t, api)).Status == corev1.ConditionTrue })
}

func TestWhatAControlPlaneWroteStays(t *testing.T) {
	theirs := Object("press-7", "ssh", config())
	theirs.Labels["site"], theirs.Labels["kubernetes.io/role"] = "hall-3", "agent"
	theirs.Annotations["a"], theirs.Annotations["b"] = "2", "3"
	theirs.Spec.Taints = []corev1.Taint{{Key: "other", Effect: corev1.TaintEffectNoExecute}}
	theirs.Status.Conditions = append(theirs.Status.Conditions, corev1.NodeCondition{Type: "TheirOwn", Status: corev1.ConditionTrue})
	theirs.Status.DaemonEndpoints.KubeletEndpoint.Port = 1
	api, p := world(t, theirs)
	p.set(errors.New("away"))
	eventually(t, "written", func() bool { return ready(get(t, api)).Status == corev1.ConditionFalse })
	n := get(t, api)
	if n.Labels["site"] != "hall-3" || n.Labels["kubernetes.io/role"] != "agent" || n.Annotations["a"] != "2" || n.Annotations["b"] != "3" {
		t.Errorf("labels or annotations were taken back: %v %v", n.Labels, n.Annotations)
	}
	if len(n.Spec.Taints) != 1 || n.Spec.Taints[0].Key != "other" || len(n.Status.Conditions) != 6 {
		t.Errorf("taints or conditions were taken back: %+v %+v", n.Spec.Taints, n.Status.Conditions)
	}
	if n.Status.DaemonEndpoints.KubeletEndpoint.Port != 10300 {
		t.Error("the port was not put right")
	}
	for _, a := range api.Actions() {
		if patch, ok := a.(k8stesting.PatchAction); ok && a.GetResource().Resource == "nodes" {
			var body struct {
				Metadata struct{ Labels map[string]any }
			}
			if err := json.Unmarshal(patch.GetPatch(), &body); err != nil || patch.GetSubresource() != "status" || body.Metadata.Labels != nil {
				t.Errorf("patch is %s", patch.GetPatch())
			}
		}
	}
}

func TestNodeThatSomebodyDeletedComesBack(t *testing.T) {
	api, p := world(t)
	if err := api.CoreV1().Nodes().Delete(t.Context(), "press-7", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.set(errors.New("away"))
	eventually(t, "registered again", func() bool {
		n, err := api.CoreV1().Nodes().Get(context.Background(), "press-7", metav1.GetOptions{})
		return err == nil && ready(n).Status == corev1.ConditionFalse && len(n.Spec.Taints) == 1
	})
}

func TestTriesToRegisterLeaveNothingRunning(t *testing.T) {
	api := fake.NewClientset()
	api.PrependReactor("*", "nodes", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, apierrors.NewServiceUnavailable("away")
	})
	c := New(Object("press-7", "ssh", config()), api, &pods{}, func() error { return nil }, slog.New(slog.DiscardHandler))
	for range 5 {
		controller, err := c.controller()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.keep(t.Context(), controller); err == nil {
			t.Fatal("an API that is away registered the node")
		}
	}
	eventually(t, "the tries are over", func() bool {
		stacks := make([]byte, 1<<20)
		return !strings.Contains(string(stacks[:goruntime.Stack(stacks, true)]), "nodePingController")
	})
}

func TestMayLabel(t *testing.T) {
	for key, want := range map[string]bool{
		"site": true, "example.com/x": true, "kubernetes.io/hostname": true, "topology.kubernetes.io/zone": true, "node.kubernetes.io/x": true, "a.kubelet.kubernetes.io/x": true,
		"kubernetes.io/role": false, "node-role.kubernetes.io/worker": false, "x.k8s.io/y": false, "notkubernetes.io/x": true, "node-restriction.kubernetes.io/x": false,
	} {
		if MayLabel(key) != want {
			t.Errorf("%s", key)
		}
	}
}
