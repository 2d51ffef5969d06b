package resolve

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"
	clocktesting "k8s.io/utils/clock/testing"
)

var yes = true

func setup(t *testing.T, objects ...k8sruntime.Object) (*Resolver, *fake.Clientset, *record.FakeRecorder, *clocktesting.FakeClock) {
	t.Helper()
	api := fake.NewClientset(objects...)
	events := record.NewFakeRecorder(100)
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	return New(api, events, clock, Host{
		Address: "192.0.2.1", APIHost: "api.example", APIPort: "6443",
		Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("2Gi")},
	}), api, events, clock
}

func objects() []k8sruntime.Object {
	return []k8sruntime.Object{
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "m", Namespace: "ns"}, Data: map[string]string{"a": "1", "not-a-name!": "x"}, BinaryData: map[string][]byte{"b": {0, 255}}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "ns"}, Data: map[string][]byte{"k": []byte("geheim")}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "pull", Namespace: "ns"}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{}}`)}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "old", Namespace: "ns"}, Type: corev1.SecretTypeDockercfg, Data: map[string][]byte{corev1.DockerConfigKey: []byte(`{"r":{}}`)}},
	}
}

func pod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "ns", UID: "u", Labels: map[string]string{"app": "x", "b": "y"}, Annotations: map[string]string{"n": "v"}},
		Spec:       corev1.PodSpec{NodeName: "n1", ServiceAccountName: "sa", Containers: []corev1.Container{{Name: "c"}}},
	}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func resourceEnv(name, what, divisor string) corev1.EnvVar {
	ref := &corev1.ResourceFieldSelector{Resource: what}
	if divisor != "" {
		ref.Divisor = resource.MustParse(divisor)
	}
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: ref}}
}

func TestEnvOfEveryKind(t *testing.T) {
	r, _, events, _ := setup(t, objects()...)
	p := pod()
	c := &p.Spec.Containers[0]
	c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}
	c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")}
	c.EnvFrom = []corev1.EnvFromSource{
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}}},
		{Prefix: "S_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}},
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "none"}, Optional: &yes}},
	}
	c.Env = []corev1.EnvVar{
		{Name: "PLAIN", Value: "$(a)-$(NONE)-$$(a)-$(S_k)"},
		{Name: "a", Value: "later wins"},
		{Name: "FROM", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}, Key: "a"}}},
		{Name: "SECRET", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"}}},
		{Name: "LEFT_OUT", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "none", Optional: &yes}}},
		fieldEnv("NAME", "metadata.name"), fieldEnv("NS", "metadata.namespace"), fieldEnv("UID", "metadata.uid"), fieldEnv("APP", "metadata.labels['app']"),
		fieldEnv("ANN", "metadata.annotations['n']"), fieldEnv("NODE", "spec.nodeName"), fieldEnv("SA", "spec.serviceAccountName"),
		fieldEnv("HOST", "status.hostIP"), fieldEnv("IP", "status.podIP"), fieldEnv("IPS", "status.podIPs"),
		resourceEnv("MEM", "limits.memory", "1Mi"), resourceEnv("CPU", "requests.cpu", "1m"), resourceEnv("CPU_UP", "requests.cpu", ""), resourceEnv("ALLOC", "limits.cpu", ""),
	}
	env, err := r.Env(t.Context(), p, c, "192.0.2.9")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var order []string
	for _, e := range env {
		got[e.Name] = e.Value
		order = append(order, e.Name)
	}
	for name, want := range map[string]string{
		"KUBERNETES_SERVICE_HOST": "api.example", "KUBERNETES_SERVICE_PORT": "6443", "PLAIN": "1-$(NONE)-$(a)-geheim", "a": "later wins", "b": "\x00\xff",
		"S_k": "geheim", "FROM": "1", "SECRET": "geheim", "NAME": "p", "NS": "ns", "UID": "u", "APP": "x", "ANN": "v", "NODE": "n1", "SA": "sa",
		"HOST": "192.0.2.1", "IP": "192.0.2.9", "IPS": "192.0.2.9", "MEM": "64", "CPU": "250", "CPU_UP": "1", "ALLOC": "4",
	} {
		if got[name] != want {
			t.Errorf("%s is %q and should be %q", name, got[name], want)
		}
	}
	for _, absent := range []string{"LEFT_OUT", "not-a-name!"} {
		if _, there := got[absent]; there {
			t.Errorf("%s is there", absent)
		}
	}
	if slices.Index(order, "a") > slices.Index(order, "PLAIN") {
		t.Errorf("a variable that was set again changed its place: %v", order)
	}
	told := drain(events)
	for _, reason := range []string{"InvalidEnvironmentVariableNames", "OptionalSecretNotFound", "OptionalSecretKeyNotFound"} {
		if !strings.Contains(told, reason) {
			t.Errorf("no event %s in %s", reason, told)
		}
	}
	if strings.Contains(told, "geheim") {
		t.Error("an event holds a secret")
	}
}

func drain(events *record.FakeRecorder) string {
	var all []string
	for {
		select {
		case e := <-events.Events:
			all = append(all, e)
		default:
			return strings.Join(all, "\n")
		}
	}
}

func TestReferencesThatLeadNowhere(t *testing.T) {
	secret := func(name, key string) corev1.EnvVar {
		return corev1.EnvVar{Name: "X", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}}}
	}
	configMap := func(name, key string) corev1.EnvVar {
		return corev1.EnvVar{Name: "X", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}}}
	}
	for reason, e := range map[string]corev1.EnvVar{
		"MandatorySecretNotFound": secret("none", "k"), "MandatorySecretKeyNotFound": secret("s", "none"),
		"MandatoryConfigMapNotFound": configMap("none", "k"), "MandatoryConfigMapKeyNotFound": configMap("m", "none"),
		"": fieldEnv("X", "status.nothing"),
	} {
		t.Run(reason, func(t *testing.T) {
			r, _, events, _ := setup(t, objects()...)
			p := pod()
			p.Spec.Containers[0].Env = []corev1.EnvVar{e}
			if _, err := r.Env(t.Context(), p, &p.Spec.Containers[0], ""); err == nil || !strings.Contains(err.Error(), "X") {
				t.Fatalf("error is %v", err)
			}
			if told := drain(events); !strings.Contains(told, reason) {
				t.Fatalf("events are %s", told)
			}
		})
	}
}

func TestOptionalIsNotSkippedForAnAPIThatIsAway(t *testing.T) {
	r, api, _, _ := setup(t)
	api.PrependReactor("get", "secrets", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, apierrors.NewServiceUnavailable("away")
	})
	p := pod()
	p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Optional: &yes}}}
	if _, err := r.Env(t.Context(), p, &p.Spec.Containers[0], ""); !apierrors.IsServiceUnavailable(errors.Unwrap(err)) {
		t.Fatalf("error is %v", err)
	}
}

func TestPodsThatStartTogetherShareARead(t *testing.T) {
	r, api, _, clock := setup(t, objects()...)
	read := func(uid types.UID) {
		p := pod()
		p.UID = uid
		if _, err := r.secret(t.Context(), p, "s"); err != nil {
			t.Fatal(err)
		}
	}
	r.Expect("u")
	r.Expect("v")
	clock.Step(time.Second)
	read("u")
	clock.Step(time.Second)
	read("u")
	read("v")
	if n := len(api.Actions()); n != 1 {
		t.Fatalf("%d reads", n)
	}
	clock.Step(MaxAge)
	read("u")
	if n := len(api.Actions()); n != 2 {
		t.Fatalf("%d reads after the first one got old", n)
	}
	for _, a := range api.Actions() {
		if a.GetVerb() != "get" {
			t.Fatalf("a node may not %s %s", a.GetVerb(), a.GetResource().Resource)
		}
	}
}

func TestANewPodSeesNothingThatWasReadBeforeItCame(t *testing.T) {
	r, api, _, clock := setup(t, objects()...)
	speed := func(uid types.UID) string {
		p := pod()
		p.UID = uid
		o, err := r.configMap(t.Context(), p, "m")
		if err != nil {
			t.Fatal(err)
		}
		return string(o.data["a"])
	}
	if got := speed("old"); got != "1" {
		t.Fatal(got)
	}
	clock.Step(time.Millisecond)
	changed := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "m", Namespace: "ns"}, Data: map[string]string{"a": "2"}}
	if _, err := api.CoreV1().ConfigMaps("ns").Update(t.Context(), changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := speed("old"); got != "1" {
		t.Fatalf("a pod that runs has it read again before it is old: %s", got)
	}
	if got := speed("new"); got != "2" {
		t.Fatalf("what was read before the pod came: %s", got)
	}
	if got := speed("old"); got != "2" {
		t.Fatalf("what another pod had read is not shared: %s", got)
	}
	r.Forget("old")
	r.Forget("new")
	if len(r.since) != 0 {
		t.Fatalf("kept of pods that are gone: %v", r.since)
	}
}

func TestVolumesOfEveryKind(t *testing.T) {
	r, api, _, clock := setup(t, objects()...)
	asked := 0
	api.PrependReactor("create", "serviceaccounts", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		asked++
		request := action.(k8stesting.CreateAction).GetObject().(*authenticationv1.TokenRequest)
		if ref := request.Spec.BoundObjectRef; ref == nil || ref.UID != "u" || request.Spec.Audiences[0] != "vault" {
			t.Errorf("the token is not bound to the pod: %+v", request.Spec)
		}
		expires := clock.Now().Add(time.Duration(*request.Spec.ExpirationSeconds) * time.Second)
		request.Status = authenticationv1.TokenRequestStatus{Token: strings.Repeat("t", asked), ExpirationTimestamp: metav1.NewTime(expires)}
		return true, request, nil
	})
	p := pod()
	private, hour := int32(0o400), int64(3600)
	p.Spec.Volumes = []corev1.Volume{
		{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/x"}}},
		{Name: "map", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}}}},
		{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s", DefaultMode: &private, Items: []corev1.KeyToPath{{Key: "k", Path: "dir/file"}}}}},
		{Name: "absent", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "none", Optional: &yes}}},
		{Name: "down", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}},
			{Path: "cpu", ResourceFieldRef: &corev1.ResourceFieldSelector{ContainerName: "c", Resource: "limits.cpu"}},
		}}}},
		{Name: "all", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}, Items: []corev1.KeyToPath{{Key: "a", Path: "a"}}}},
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "name", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}}},
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", Audience: "vault", ExpirationSeconds: &hour}},
		}}}},
	}
	get := func() map[string]string {
		t.Helper()
		volumes, err := r.Volumes(t.Context(), p, "")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for name, v := range volumes {
			out[name] = ""
			for path, f := range v.Files {
				out[name+"/"+path] = string(f.Content)
			}
		}
		if m := volumes["secret"].Files["dir/file"].Mode; m != 0o400 {
			t.Errorf("mode is %o", m)
		}
		return out
	}
	got := get()
	for path, want := range map[string]string{
		"map/a": "1", "map/b": "\x00\xff", "secret/dir/file": "geheim", "down/labels": "app=\"x\"\nb=\"y\"", "down/cpu": "4",
		"all/a": "1", "all/k": "geheim", "all/name": "p", "all/token": "t", "empty": "", "absent": "",
	} {
		if value, there := got[path]; !there || value != want {
			t.Errorf("%s is %q and should be %q", path, value, want)
		}
	}
	if _, there := got["host"]; there {
		t.Error("a hostPath is the place's business")
	}
	clock.Step(47 * time.Minute)
	if get()["all/token"] != "t" {
		t.Error("the token was refreshed too early")
	}
	clock.Step(time.Minute)
	if get()["all/token"] != "tt" {
		t.Error("the token was not refreshed at 80 % of its life")
	}
	r.Forget("u")
	if get()["all/token"] != "ttt" {
		t.Error("the token of a pod that is gone was kept")
	}
}

func TestPullSecrets(t *testing.T) {
	r, _, events, _ := setup(t, objects()...)
	p := pod()
	p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}, {Name: "none"}, {Name: "old"}}
	got := r.PullSecrets(context.Background(), p)
	if len(got) != 2 || string(got[0]) != `{"auths":{}}` || string(got[1]) != `{"auths":{"r":{}}}` {
		t.Fatalf("%s", got)
	}
	if !strings.Contains(drain(events), "FailedToRetrieveImagePullSecret") {
		t.Error("no event tells of the one that is missing")
	}
}

func TestExpand(t *testing.T) {
	for in, want := range map[string]string{
		"$(A)": "1", "x$(A)y$(A)": "x1y1", "$$(A)": "$(A)", "$$$(A)": "$1", "$(B)": "$(B)", "$(A": "$(A", "$": "$", "a$b": "a$b", "$()": "$()",
	} {
		if got := Expand(in, map[string]string{"A": "1"}); got != want {
			t.Errorf("%s became %s and should be %s", in, got, want)
		}
	}
}
