package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// twoVolumes is a running pod with two secrets.
func twoVolumes(t *testing.T) *world {
	w := newWorld(t)
	w.putSecret("one", "first")
	w.putSecret("two", "first")
	w.create(newPodObject("a", func(p *corev1.Pod) {
		for _, name := range []string{"one", "two"} {
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name}}})
		}
	}))
	w.eventually("running", w.running("a", "app", 0))
	w.settled()
	return w
}

func (w *world) putSecret(name, value string) {
	w.t.Helper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}, Data: map[string][]byte{"k": []byte(value)}}
	secrets := w.api.CoreV1().Secrets("default")
	if _, err := secrets.Create(w.t.Context(), s, metav1.CreateOptions{}); err == nil {
		return
	}
	if _, err := secrets.Update(w.t.Context(), s, metav1.UpdateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) dropSecret(name string) {
	w.t.Helper()
	if err := w.api.CoreV1().Secrets("default").Delete(w.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// given is the pod as it was prepared last.
func (w *world) given() runtime.PodSpec {
	w.place.mu.Lock()
	defer w.place.mu.Unlock()
	return w.place.prepared["uid-a"]
}

func (w *world) volumeHas(name, value string) func() bool {
	return func() bool { return string(w.given().Volumes[name].Files["k"].Content) == value }
}

func TestVolumesOfARunningPodAreRefreshedEachByItself(t *testing.T) {
	w := twoVolumes(t)
	w.dropSecret("one")
	w.putSecret("two", "second")
	w.eventuallyStepping("the other one is refreshed", time.Second, w.volumeHas("two", "second"))
	if spec := w.given(); len(spec.Volumes) != 1 || len(spec.Pod.Spec.Volumes) != 1 || spec.Pod.Spec.Volumes[0].Name != "two" {
		t.Fatalf("the place was not told to leave the volume alone: %+v", spec)
	}
	w.putSecret("one", "third")
	w.eventuallyStepping("and the first when it is there again", time.Second, w.volumeHas("one", "third"))
	if n := w.place.count("start"); n != 1 {
		t.Errorf("the container was started %d times", n)
	}
}

func TestCrashedContainerRestartsWithTheVolumesThatAreThere(t *testing.T) {
	for name, restart := range map[string]bool{"same agent": false, "another agent": true} {
		t.Run(name, func(t *testing.T) {
			w := twoVolumes(t)
			w.dropSecret("one")
			w.clock.Step(2 * refreshInterval)
			if restart {
				w.restartAgent()
			}
			w.place.exit("uid-a", "app", 1)
			w.eventuallyStepping("running again", time.Second, w.running("a", "app", 1))
			w.place.mu.Lock()
			defer w.place.mu.Unlock()
			spec := w.place.startedFrom
			if len(spec.Pod.Spec.Volumes) != 2 || !spec.Volumes["one"].ReadOnly || !spec.Volumes["two"].ReadOnly {
				t.Errorf("the container was started without a volume of its pod: %+v", spec)
			}
		})
	}
}
