package cri

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

func TestVolumesAreReplacedAtOnce(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "config")
	write := func(files map[string]runtime.File) {
		t.Helper()
		if err := writeFiles(directory, files, nil); err != nil {
			t.Fatal(err)
		}
	}
	write(map[string]runtime.File{"a": {Content: []byte("old"), Mode: 0o644}, "deep/b": {Content: []byte("b"), Mode: 0o400}})
	first, _ := os.Readlink(filepath.Join(directory, current))
	write(map[string]runtime.File{"a": {Content: []byte("old"), Mode: 0o644}, "deep/b": {Content: []byte("b"), Mode: 0o400}})
	if again, _ := os.Readlink(filepath.Join(directory, current)); again != first || first == "" {
		t.Fatalf("the same files are at %q and were at %q", again, first)
	}
	if info, err := os.Stat(filepath.Join(directory, "deep/b")); err != nil || info.Mode() != 0o400 {
		t.Fatal(info, err)
	}
	write(map[string]runtime.File{"a": {Content: []byte("new"), Mode: 0o644}})
	if text, err := os.ReadFile(filepath.Join(directory, "a")); err != nil || string(text) != "new" {
		t.Fatalf("%q, %v", text, err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v: neither links nor directories of before are left", entries, err)
	}
	if err := writeFiles(directory, map[string]runtime.File{"../out": {}}, nil); err == nil {
		t.Fatal("a file beside the volume was written")
	}
}

func TestPartsOfVolumesStayInside(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "config")
	if err := writeFiles(directory, map[string]runtime.File{"deep/b": {Mode: 0o644}}, nil); err != nil {
		t.Fatal(err)
	}
	if path, err := within(directory, "deep/b"); err != nil || !strings.HasSuffix(path, "/deep/b") || strings.Contains(path, current) {
		t.Fatal(path, err)
	}
	if err := os.Symlink("/etc", filepath.Join(directory, "out")); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"out", "none"} {
		var not runtime.NotStarted
		if path, err := within(directory, part); !errors.As(err, &not) || not.Reason != "CreateContainerConfigError" {
			t.Errorf("%s: %s, %v", part, path, err)
		}
	}
}

func TestResources(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	c := &corev1.Container{Resources: corev1.ResourceRequirements{Limits: list("250m", "64Mi")}}
	pod := &corev1.Pod{Status: corev1.PodStatus{QOSClass: corev1.PodQOSGuaranteed}}
	got := resources(pod, c)
	if got.CpuShares != 256 || got.CpuQuota != 25_000 || got.CpuPeriod != 100_000 || got.MemoryLimitInBytes != 64<<20 || got.OomScoreAdj != -997 {
		t.Errorf("limits alone: %v", got)
	}
	c.Resources.Requests = list("1m", "32Mi")
	if got := resources(pod, c); got.CpuShares != 2 || got.CpuQuota != 25_000 {
		t.Errorf("a small request: %v", got)
	}
	pod.Status.QOSClass = corev1.PodQOSBurstable
	for memory, want := range map[int64]int64{64 << 20: 500, 32 << 20: 3, 1 << 40: 999, 0: 1000} {
		if score := oomScore(pod, c, memory); score != want {
			t.Errorf("of %d bytes: %d, want %d", memory, score, want)
		}
	}
	if got := resources(&corev1.Pod{}, &corev1.Container{}); got.CpuQuota != 0 || got.MemoryLimitInBytes != 0 || got.OomScoreAdj != 1000 {
		t.Errorf("nothing said: %v", got)
	}
}

func TestNonRoot(t *testing.T) {
	yes, seven := true, int64(7)
	pod := &corev1.Pod{Spec: corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes}}}
	for what, good := range map[*runtimeapi.Image]bool{
		{}: false, {Uid: &runtimeapi.Int64Value{}}: false, {Username: "nobody"}: false, {Username: "0"}: false, {Username: "65534"}: true,
		{Uid: &runtimeapi.Int64Value{Value: 65534}}: true,
	} {
		if _, err := containerSecurity(pod, &corev1.Container{}, what); (err == nil) != good {
			t.Errorf("an image of user %v%q: %v", what.GetUid(), what.GetUsername(), err)
		}
	}
	own := &corev1.Container{SecurityContext: &corev1.SecurityContext{RunAsUser: &seven}}
	if got, err := containerSecurity(pod, own, &runtimeapi.Image{}); err != nil || got.RunAsUser.GetValue() != 7 {
		t.Error(got, err)
	}
}

func TestCredentialsFitTheirRegistry(t *testing.T) {
	secrets := [][]byte{
		[]byte(`no configuration`),
		[]byte(`{"auths":{"other.example":{"username":"o","password":"p"}}}`),
		[]byte(`{"auths":{"registry.example:5000":{"username":"puller","password":"asked for: by no one"}}}`),
	}
	ref, err := name.ParseReference("registry.example:5000/hall/press:1", name.WeakValidation)
	if err != nil {
		t.Fatal(err)
	}
	got := credentials(t.Context(), secrets, ref)
	if len(got) != 1 || got[0].GetUsername() != "puller" || got[0].GetPassword() != "asked for: by no one" {
		t.Errorf("%v", got)
	}
	if got := credentials(t.Context(), secrets[:2], ref); len(got) != 1 || got[0] != nil {
		t.Errorf("none fits, and yet %v", got)
	}
}

func TestPullPolicy(t *testing.T) {
	for image, want := range map[string]corev1.PullPolicy{"press": corev1.PullAlways, "press:latest": corev1.PullAlways, "press:1": corev1.PullIfNotPresent} {
		ref, err := name.ParseReference(image, name.WeakValidation)
		if err != nil {
			t.Fatal(err)
		}
		if got := pullPolicy(&corev1.Container{Image: image}, ref); got != want {
			t.Errorf("%s: %s", image, got)
		}
	}
}

func TestResolver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte("# mine\nnameserver 10.0.0.1\nsearch hall.example\noptions ndots:2 rotate\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	three := "3"
	own := &corev1.PodDNSConfig{Nameservers: []string{"10.9.9.9"}, Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: &three}}}
	pod := &corev1.Pod{Spec: corev1.PodSpec{DNSConfig: own}}
	got := dnsConfig(pod, file)
	if strings.Join(got.Servers, " ") != "10.0.0.1 10.9.9.9" || strings.Join(got.Searches, " ") != "hall.example" || strings.Join(got.Options, " ") != "ndots:2 rotate ndots:3" {
		t.Errorf("%v", got)
	}
	pod.Spec.DNSPolicy = corev1.DNSNone
	if got := dnsConfig(pod, file); strings.Join(got.Servers, " ") != "10.9.9.9" || got.Searches != nil {
		t.Errorf("the pod's alone: %v", got)
	}
	if dnsConfig(&corev1.Pod{}, file) != nil {
		t.Error("the machine's own is copied by the runtime")
	}
}

func TestCgroupDriverOfOlderRuntimes(t *testing.T) {
	config := `{"containerd":{"defaultRuntimeName":"runc","runtimes":{"runc":{"options":{"SystemdCgroup":%s}}}}}`
	for said, want := range map[string]bool{"true": true, "false": false} {
		if got := toldSystemd(strings.Replace(config, "%s", said, 1)); got != want {
			t.Errorf("%s: %v", said, got)
		}
	}
	if toldSystemd("no JSON") {
		t.Error("systemd for no reason")
	}
}

func TestTheKernelsFilesAreHidden(t *testing.T) {
	yes := true
	got, err := containerSecurity(&corev1.Pod{}, &corev1.Container{}, &runtimeapi.Image{})
	if err != nil || !slices.Contains(got.MaskedPaths, "/proc/kcore") || !slices.Contains(got.MaskedPaths, "/sys/firmware") || !slices.Contains(got.ReadonlyPaths, "/proc/sys") {
		t.Errorf("an ordinary container: %v, %v", got, err)
	}
	own := &corev1.Container{SecurityContext: &corev1.SecurityContext{Privileged: &yes}}
	if got, err = containerSecurity(&corev1.Pod{}, own, &runtimeapi.Image{}); err != nil || got.MaskedPaths != nil || got.ReadonlyPaths != nil {
		t.Errorf("a privileged one: %v, %v", got, err)
	}
}
