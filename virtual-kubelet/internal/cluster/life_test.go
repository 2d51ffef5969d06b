package cluster

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// TestLife goes through a node's life on one real API server, which takes its time to start.
func TestLife(t *testing.T) {
	b := newBench(t)
	for _, part := range []struct {
		name string
		do   func(*testing.T, *bench)
	}{
		{"a pod runs there with copies, and ends when that is confirmed", runsAndEnds},
		{"a pod goes on under another agent", goesOn},
		{"what has no pod is swept, and nothing else", sweeps},
		{"a pod that is deleted there is made again, or lost", madeAgain},
		{"a pod that cannot be done is refused", refuses},
		{"a pod waits for what it refers to, in a kubelet's words", waits},
		{"a cluster that is away changes nothing", isAway},
		{"the quota is the capacity, and says why a pod is not there", quota},
		{"credentials that are not good are told", refused},
		{"a node that goes leaves nothing", cleans},
	} {
		t.Run(part.name, func(t *testing.T) {
			b.t = t
			part.do(t, b)
		})
	}
}

func (b *bench) sources() {
	b.t.Helper()
	_, err := b.client.CoreV1().ConfigMaps(here).Create(b.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "settings"}, Data: map[string]string{"speed": "fast"}, BinaryData: map[string][]byte{"raw": {0xff, 0xfe}},
	}, metav1.CreateOptions{})
	b.must(err)
	for name, kind := range map[string]corev1.SecretType{"words": "example.com/of-its-own", "registry": corev1.SecretTypeDockerConfigJson} {
		_, err = b.client.CoreV1().Secrets(here).Create(b.t.Context(), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Type: kind, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{}}`)},
		}, metav1.CreateOptions{})
		b.must(err)
	}
}

func withSources(pod *corev1.Pod) {
	pod.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
	pod.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "words"}}}}
	pod.Spec.Volumes = []corev1.Volume{{Name: "all", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "absent"}, Optional: ptr.To(true)}},
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", Audience: "hall", ExpirationSeconds: ptr.To[int64](600)}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}}}}},
	}}}}}
}

func runsAndEnds(t *testing.T, b *bench) {
	b.sources()
	pod := b.pod("press", withSources)
	b.twin(pod, "the run", running)
	told := b.home("press", "the run", running)
	if told.Status.PodIP != "203.0.113.9" || told.Status.HostIP != "192.0.2.7" || !isTrue(told, corev1.PodReady) || !told.Status.ContainerStatuses[0].Ready {
		t.Fatalf("%+v", told.Status)
	}
	settings, err := b.client.CoreV1().ConfigMaps(there).Get(t.Context(), copyName(pod.UID, "settings"), metav1.GetOptions{})
	if err != nil || settings.Data["speed"] != "fast" || string(settings.BinaryData["raw"]) != "\xff\xfe" {
		t.Fatalf("%+v %v", settings, err)
	}
	for name, kind := range map[string]corev1.SecretType{"words": corev1.SecretTypeOpaque, "registry": corev1.SecretTypeDockerConfigJson} {
		if s, err := b.client.CoreV1().Secrets(there).Get(t.Context(), copyName(pod.UID, name), metav1.GetOptions{}); err != nil || s.Type != kind {
			t.Fatalf("%s: %+v %v", name, s, err)
		}
	}
	files := func() map[string][]byte {
		s, err := b.client.CoreV1().Secrets(there).Get(t.Context(), filesName(pod), metav1.GetOptions{})
		b.must(err)
		return s.Data
	}
	if token := string(files()[fileKey("all", 2, 0)]); strings.Count(token, ".") != 2 {
		t.Fatalf("no token: %q", token)
	}
	_, err = b.client.CoreV1().Pods(here).Patch(t.Context(), "press", "application/merge-patch+json", []byte(`{"metadata":{"labels":{"more":"1"}}}`), metav1.PatchOptions{})
	b.must(err)
	eventually(t, "the changed label in its file", func() error {
		if text := string(files()[fileKey("all", 3, 0)]); text != "app=\"press\"\nmore=\"1\"" {
			return errors.New(text)
		}
		return nil
	})
	_, err = b.client.CoreV1().Pods(here).Patch(t.Context(), "press", "application/strategic-merge-patch+json", []byte(`{"spec":{"containers":[{"name":"app","image":"an/image:2"}]}}`), metav1.PatchOptions{})
	b.must(err)
	b.twin(pod, "the other image", func(p *corev1.Pod) bool { return p.Spec.Containers[0].Image == "an/image:2" })

	b.holds.Store(true)
	b.must(b.client.CoreV1().Pods(here).Delete(t.Context(), "press", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](7)}))
	b.twin(pod, "the end with its grace", func(p *corev1.Pod) bool { return ptr.Deref(p.DeletionGracePeriodSeconds, 0) == 7 })
	b.home("press", "the wait for confirmation", func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil })
	b.holds.Store(false)
	b.nothingLeft(pod.UID)
	b.gone("press", pod)
}

func (b *bench) gone(name string, pod *corev1.Pod) {
	b.t.Helper()
	eventually(b.t, "the end of "+name+" here", func() error {
		if p, err := b.client.CoreV1().Pods(here).Get(b.t.Context(), name, metav1.GetOptions{}); err == nil && p.UID == pod.UID {
			return fmt.Errorf("it is %+v", p.Status)
		}
		return nil
	})
}

func goesOn(t *testing.T, b *bench) {
	pod := b.pod("going", nil)
	was := b.twin(pod, "the run", running)
	b.home("going", "the run", running)
	b.run()
	b.must(b.client.CoreV1().Pods(here).Delete(t.Context(), "going", metav1.DeleteOptions{}))
	b.gone("going", pod)
	b.nothingLeft(pod.UID)
	if was.UID == "" {
		t.Fatal("it had no twin")
	}
}

func sweeps(t *testing.T, b *bench) {
	foreign := func(name string, labels map[string]string) {
		_, err := b.client.CoreV1().ConfigMaps(there).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
		b.must(err)
	}
	foreign("somebodys-own", nil)
	foreign("of-another-node", map[string]string{labelOwner: "this-cluster", labelNode: "other", labelPod: "u"})
	foreign("of-another-cluster", map[string]string{labelOwner: "that-cluster", labelNode: nodeName, labelPod: "u"})
	foreign("left-behind", map[string]string{labelOwner: "this-cluster", labelNode: nodeName, labelPod: "u"})
	pod := b.pod("forced", nil)
	b.twin(pod, "the run", running)
	b.must(b.client.CoreV1().Pods(here).Delete(t.Context(), "forced", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	b.nothingLeft(pod.UID)
	eventually(t, "the sweep", func() error {
		if _, err := b.client.CoreV1().ConfigMaps(there).Get(t.Context(), "left-behind", metav1.GetOptions{}); err == nil {
			return errors.New("it is still there")
		}
		return nil
	})
	for _, name := range []string{"somebodys-own", "of-another-node", "of-another-cluster"} {
		if _, err := b.client.CoreV1().ConfigMaps(there).Get(t.Context(), name, metav1.GetOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func madeAgain(t *testing.T, b *bench) {
	pod := b.pod("again", nil)
	was := b.twin(pod, "the run", running)
	b.home("again", "the run", running)
	b.must(b.client.CoreV1().Pods(there).Delete(t.Context(), was.Name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	is := b.twin(pod, "another run", func(p *corev1.Pod) bool { return p.UID != was.UID && running(p) })
	b.home("again", "the other run", func(p *corev1.Pod) bool {
		return len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].ContainerID == "containerd://"+string(is.UID)
	})
	once := b.pod("once", func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever })
	was = b.twin(once, "the run", running)
	b.home("once", "the run", running)
	b.must(b.client.CoreV1().Pods(there).Delete(t.Context(), was.Name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	b.home("once", "the loss", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodFailed && p.Status.Reason == "Lost" })
}

func refuses(t *testing.T, b *bench) {
	pod := b.pod("impossible", func(p *corev1.Pod) {
		p.Spec.HostNetwork = true
		p.Spec.Volumes = []corev1.Volume{{Name: "disk", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/srv"}}}}
	})
	told := b.home("impossible", "the refusal", func(p *corev1.Pod) bool { return len(p.Status.ContainerStatuses) == 1 })
	waits := told.Status.ContainerStatuses[0].State.Waiting
	if waits == nil || waits.Reason != "CreateContainerConfigError" || !strings.Contains(waits.Message, "spec.hostNetwork") || !strings.Contains(waits.Message, "spec.volumes[0] (disk)") {
		t.Fatalf("%+v", told.Status)
	}
	if left := b.left(pod.UID); len(left) > 0 {
		t.Fatalf("made all the same: %v", left)
	}
}

func waits(t *testing.T, b *bench) {
	late := corev1.LocalObjectReference{Name: "late"}
	of := &corev1.ConfigMapKeySelector{LocalObjectReference: late, Key: "speed"}
	pods := map[string]*corev1.Pod{
		"CreateContainerConfigError": b.pod("in-environment", func(p *corev1.Pod) {
			p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "SPEED", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: of}}}
		}),
		"ContainerCreating": b.pod("in-volume", func(p *corev1.Pod) {
			p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: late}}}
			p.Spec.Volumes = []corev1.Volume{{Name: "late", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: late}}}}
		}),
	}
	for reason, pod := range pods {
		b.home(pod.Name, reason, func(p *corev1.Pod) bool {
			if len(p.Status.ContainerStatuses) != 1 || p.Status.ContainerStatuses[0].State.Waiting == nil {
				return false
			}
			why := p.Status.ContainerStatuses[0].State.Waiting
			return why.Reason == reason && strings.Contains(why.Message, `configmap "late" not found`)
		})
		if _, err := b.client.CoreV1().Pods(there).Get(t.Context(), remoteName(pod), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Fatalf("made all the same: %v", err)
		}
	}
	_, err := b.client.CoreV1().ConfigMaps(here).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "late"}, Data: map[string]string{"speed": "slow"},
	}, metav1.CreateOptions{})
	b.must(err)
	for _, pod := range pods {
		b.home(pod.Name, "the run", running)
	}
}

func isAway(t *testing.T, b *bench) {
	pod := b.pod("away", nil)
	b.twin(pod, "the run", running)
	b.home("away", "the run", running)
	b.way.cut()
	eventually(t, "the cluster called away", func() error {
		if err := b.place.Reachable(); !errors.Is(err, runtime.ErrUnreachable) {
			return fmt.Errorf("it is %v", err)
		}
		return nil
	})
	b.must(b.client.CoreV1().Pods(here).Delete(t.Context(), "away", metav1.DeleteOptions{}))
	before := b.place.LastLook()
	eventually(t, "a look after the deletion", func() error {
		if !b.place.LastLook().After(before) {
			return errors.New("none yet")
		}
		return nil
	})
	b.twin(pod, "the run", func(p *corev1.Pod) bool { return p.DeletionTimestamp == nil })
	if told := b.home("away", "the wait", func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil }); !running(told) {
		t.Fatalf("%+v", told.Status)
	}
	b.way.heal(t)
	b.gone("away", pod)
	b.nothingLeft(pod.UID)
}

func quota(t *testing.T, b *bench) {
	moved := b.pod("moved", nil)
	former := b.twin(moved, "the run", running)
	b.home("moved", "the run", func(p *corev1.Pod) bool { return isTrue(p, corev1.PodReady) })
	hard := corev1.ResourceList{"pods": resource.MustParse("20"), "limits.cpu": resource.MustParse("2"), "requests.memory": resource.MustParse("1Gi")}
	quotas := b.client.CoreV1().ResourceQuotas(there)
	share, err := quotas.Create(t.Context(), &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "share"}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}, metav1.CreateOptions{})
	b.must(err)
	// What the controller manager would count: all of it is in use.
	share.Status = corev1.ResourceQuotaStatus{Hard: hard, Used: hard}
	_, err = quotas.UpdateStatus(t.Context(), share, metav1.UpdateOptions{})
	b.must(err)
	eventually(t, "the quota as capacity", func() error {
		if c := b.place.Capacity(); c.Cpu().String() != "2" || c.Memory().String() != "1Gi" || c.Pods().String() != "20" {
			return fmt.Errorf("it is %v", c)
		}
		return nil
	})
	b.pod("waits", nil)
	b.home("waits", "the reason", func(p *corev1.Pod) bool {
		return len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].State.Waiting != nil && strings.Contains(p.Status.ContainerStatuses[0].State.Waiting.Message, "quota")
	})
	b.must(b.client.CoreV1().Pods(there).Delete(t.Context(), former.Name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	b.home("moved", "that it is not ready", func(p *corev1.Pod) bool {
		return p.Status.Phase == corev1.PodPending && !isTrue(p, corev1.PodReady) && p.Status.PodIP == "" && p.Status.PodIPs == nil
	})
	b.must(quotas.Delete(t.Context(), "share", metav1.DeleteOptions{}))
	b.home("waits", "the run", running)
	b.home("moved", "the other run", func(p *corev1.Pod) bool { return isTrue(p, corev1.PodReady) && p.Status.PodIP != "" })
}

func refused(t *testing.T, b *bench) {
	wrong := b.t.TempDir() + "/token"
	write(t, wrong, []byte("another-token"))
	place, err := New(t.Context(), b.configure(Config{TokenFile: wrong}), runtime.Home{NodeName: nodeName})
	if err != nil {
		t.Fatal(err)
	}
	told := place.Reachable()
	if told == nil || !strings.Contains(told.Error(), "credentials are not accepted") || strings.Contains(told.Error(), "another-token") {
		t.Fatalf("%v", told)
	}
}

// forgotten waits until nothing is remembered of pods that are in neither cluster.
func (b *bench) forgotten() {
	b.t.Helper()
	eventually(b.t, "that those are forgotten that are gone", func() error {
		pods, err := b.client.CoreV1().Pods(here).List(b.t.Context(), metav1.ListOptions{})
		b.must(err)
		remembered := b.place.remembered()
		for _, pod := range pods.Items {
			delete(remembered, pod.UID)
		}
		if len(remembered) > 0 {
			return fmt.Errorf("remembered are %v", remembered)
		}
		return nil
	})
}

func cleans(t *testing.T, b *bench) {
	b.forgotten()
	pod := b.pod("last", nil)
	b.twin(pod, "the run", running)
	b.stop()
	<-b.done
	b.must(Clean(t.Context(), b.config, nodeName))
	if left := b.left(pod.UID); len(left) > 0 {
		t.Fatalf("left: %v", left)
	}
	if _, err := b.client.CoreV1().ConfigMaps(there).Get(t.Context(), "of-another-cluster", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(b.config); err != nil {
		t.Fatal(err)
	}
}
