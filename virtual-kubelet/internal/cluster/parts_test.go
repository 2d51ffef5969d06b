package cluster

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	events "k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"pulumi-kubeadm/virtual-kubelet/internal/resolve"
	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func paper() *Place {
	return &Place{
		home: runtime.Home{NodeName: nodeName, APIHost: "api.here", APIPort: "6443"}, namespace: there, own: own("o", nodeName),
		resolver: resolve.New(nil, &events.FakeRecorder{}, clock.RealClock{}, resolve.Host{Address: "192.0.2.7"}),
	}
}

func TestWhatNamesThingsOfThisClusterIsLeftOutOrTranslated(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a.b", Namespace: here, UID: "u", Labels: map[string]string{"app": "a", "pod-template-hash": "x"}, Annotations: map[string]string{"price": "5$(X)"}},
		Spec: corev1.PodSpec{
			NodeName: nodeName, ServiceAccountName: "sa", DeprecatedServiceAccount: "sa", PriorityClassName: "high", Priority: ptr.To[int32](5),
			NodeSelector: map[string]string{corev1.LabelHostname: nodeName, corev1.LabelArchStable: "arm64"}, SchedulerName: "mine",
			Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, Affinity: &corev1.Affinity{},
			ReadinessGates: []corev1.PodReadinessGate{{ConditionType: "x/y"}}, RestartPolicy: corev1.RestartPolicyOnFailure,
			Containers: []corev1.Container{{Name: "app", Env: []corev1.EnvVar{
				{Name: "NS", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}}},
				{Name: "PRICE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['price']"}}},
				{Name: "IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}},
				{Name: "KUBERNETES_SERVICE_PORT", Value: "1"},
			}, LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}}}},
		},
	}
	out := paper().translate(pod)
	s := out.Spec
	if s.NodeName != "" || s.ServiceAccountName != "" || s.DeprecatedServiceAccount != "" || s.PriorityClassName != "" || s.Priority != nil || s.SchedulerName != "" ||
		s.Tolerations != nil || s.Affinity != nil || s.ReadinessGates != nil || *s.AutomountServiceAccountToken || *s.EnableServiceLinks {
		t.Fatalf("%+v", s)
	}
	if len(s.NodeSelector) != 1 || s.NodeSelector[corev1.LabelArchStable] != "arm64" || s.Hostname != "a-b" || s.RestartPolicy != corev1.RestartPolicyOnFailure || s.Containers[0].LivenessProbe == nil {
		t.Fatalf("%+v", s)
	}
	env := map[string]string{}
	for _, e := range s.Containers[0].Env {
		if _, twice := env[e.Name]; twice {
			t.Fatalf("%s is there twice", e.Name)
		}
		env[e.Name] = e.Value
	}
	if env["NS"] != here || env["PRICE"] != "5$$(X)" || env["KUBERNETES_SERVICE_HOST"] != "api.here" || env["KUBERNETES_SERVICE_PORT"] != "1" {
		t.Fatalf("%v", env)
	}
	if out.Namespace != there || out.Labels["app"] != "a" || out.Labels["pod-template-hash"] != "" || homeKey(out) != (key{"u", here, "a.b"}) {
		t.Fatalf("%+v", out.ObjectMeta)
	}
	if pod.Spec.NodeName != nodeName || pod.Spec.Containers[0].Env[0].ValueFrom == nil {
		t.Fatal("the pod itself was changed")
	}
}

func TestNamesFitAndDoNotMeet(t *testing.T) {
	long := strings.Repeat("x", 253)
	for _, name := range []string{unique(long, "1"), unique("a.", "1")} {
		if len(name) > 253 || strings.Contains(name, ".-") {
			t.Fatal(name)
		}
	}
	if copyName("u", "a") == copyName("v", "a") || copyName("u", long) == copyName("u", long[:252]) {
		t.Fatal("two objects have one name")
	}
	if a, b := shortened(long, 63), shortened(long[:252]+"y", 63); len(a) > 63 || a == b {
		t.Fatal(a, b)
	}
}

func TestTheLeastOfAllQuotasCounts(t *testing.T) {
	q := func(scoped bool, hard map[string]string) corev1.ResourceQuota {
		out := corev1.ResourceQuota{Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{}}}
		for k, v := range hard {
			out.Spec.Hard[corev1.ResourceName(k)] = resource.MustParse(v)
		}
		if scoped {
			out.Spec.Scopes = []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeBestEffort}
		}
		return out
	}
	got := quotaOf([]corev1.ResourceQuota{
		q(false, map[string]string{"requests.cpu": "4", "limits.cpu": "8", "limits.memory": "2Gi", "pods": "9", "requests.storage": "1Gi", "services": "3"}),
		q(false, map[string]string{"cpu": "3", "count/pods": "7", "requests.example.com/gpu": "1"}),
		q(true, map[string]string{"pods": "1"}),
	})
	want := map[corev1.ResourceName]string{"cpu": "3", "memory": "2Gi", "pods": "7", "example.com/gpu": "1"}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for name, text := range want {
		if q := got[name]; q.String() != text {
			t.Fatalf("%s is %s", name, q.String())
		}
	}
}

func TestAConfigurationHasExactlyOneWay(t *testing.T) {
	for text, problem := range map[string]string{
		"kubeconfigFile: k":                                                 "",
		"{server: 'https://x', tokenFile: t}":                               "",
		"{server: 'https://x', username: u, passwordFile: p}":               "",
		"{kubeconfigFile: k, tokenFile: t}":                                 "already",
		"{server: 'http://x', tokenFile: t}":                                "https://",
		"{server: 'https://x'}":                                             "exactly one credential",
		"{server: 'https://x', tokenFile: t, username: u, passwordFile: p}": "exactly one credential",
		"{server: 'https://x', username: u}":                                "go together",
		"{server: 'https://x', tokenFile: t, context: c}":                   "context",
		"{server: 'https://u:geheim@x', tokenFile: t}":                      "as username and passwordFile",
		"{server: 'http://u:geheim@x', tokenFile: t}":                       "as username and passwordFile",
		"{server: 'u:geheim@x', tokenFile: t}":                              "as username and passwordFile",
		"{server: 'https://u:geh/eim@x', tokenFile: t}":                     "no URL",
		"colour: red": "colour",
	} {
		file := filepath.Join(t.TempDir(), "provider.yaml")
		write(t, file, []byte(text))
		_, err := Read(file)
		if err != nil && strings.Contains(err.Error(), "geh") {
			t.Errorf("%s: the password is told: %v", text, err)
		}
		if (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAKubeconfigHasNoUserInItsAddress(t *testing.T) {
	for server, refused := range map[string]bool{"https://u:geheim@x": true, "u:geheim@x:6443": true, "https://x/path": false, "x:6443": false} {
		file := filepath.Join(t.TempDir(), "kubeconfig")
		write(t, file, []byte("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: c}}], "+
			"clusters: [{name: c, cluster: {server: '"+server+"'}}], users: [{name: c, user: {token: t}}]}"))
		_, _, err := Config{KubeconfigFile: file}.rest()
		if (err != nil) != refused || err != nil && (!strings.Contains(err.Error(), "user's username and password") || strings.Contains(err.Error(), "geheim")) {
			t.Errorf("%s: %v", server, err)
		}
	}
}

func TestADeletionThereIsNoEndHere(t *testing.T) {
	now := metav1.Now()
	dying := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}, Status: corev1.PodStatus{Phase: corev1.PodFailed}}
	pod := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	for policy, phase := range map[corev1.RestartPolicy]corev1.PodPhase{corev1.RestartPolicyAlways: corev1.PodRunning, corev1.RestartPolicyNever: corev1.PodFailed} {
		pod.Spec.RestartPolicy = policy
		if s := statusOf(pod, dying, ""); s.Phase != phase {
			t.Errorf("%s: %s", policy, s.Phase)
		}
	}
}

func TestClosedGatesKeepAPodUnready(t *testing.T) {
	there := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}
	pod := &corev1.Pod{Spec: corev1.PodSpec{ReadinessGates: []corev1.PodReadinessGate{{ConditionType: "x/y"}}}}
	told := &corev1.Pod{Status: statusOf(pod, there, "")}
	if isTrue(told, corev1.PodReady) {
		t.Fatal("it is ready")
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: "x/y", Status: corev1.ConditionTrue}}
	told.Status = statusOf(pod, there, "")
	if !isTrue(told, corev1.PodReady) || !isTrue(told, "x/y") {
		t.Fatalf("%+v", told.Status.Conditions)
	}
}
