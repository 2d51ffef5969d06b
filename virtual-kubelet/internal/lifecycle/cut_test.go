package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// pulls makes the start of a container last until it is cut off, and then do what a place did already. Its error is a place's own.
func (w *world) pulls(container string, then func()) {
	w.place.hold = func(ctx context.Context, order string) error {
		if order != "start "+container {
			return nil
		}
		w.place.set(func() { w.place.orders = append(w.place.orders, "pull "+container) })
		<-ctx.Done()
		then()
		return errors.New("rpc error: code = Canceled")
	}
}

func TestDeletionCutsAStartOff(t *testing.T) {
	w := newWorld(t)
	w.pulls("app", func() {})
	w.create(newPodObject("a"))
	w.eventually("pulling", w.place.has("pull app"))
	w.delete("a", 30)
	w.eventually("finished", w.isFinished("uid-a"))
	if want := []string{"prepare a", "pull app", "remove uid-a"}; !slices.Equal(w.place.given(), want) {
		t.Errorf("orders are %v", w.place.given())
	}
	if w.m.backOff.Get("uid-a/app/start") != 0 || w.event("Failed")() {
		t.Error("the start that was cut off counts as the container's failure")
	}
}

func TestPodForcedAwayCutsItsStartOff(t *testing.T) {
	w := newWorld(t)
	w.pulls("app", func() {})
	w.create(newPodObject("a"))
	w.eventually("pulling", w.place.has("pull app"))
	pod := w.now("a")
	_ = w.store.Delete(pod)
	_ = w.m.DeletePod(t.Context(), pod)
	w.eventually("swept", w.place.has("remove uid-a"))
}

func TestContainerThatRunsAfterItsStartWasCutOffGetsItsGrace(t *testing.T) {
	w := newWorld(t)
	w.pulls("app", func() {
		w.place.set(func() {
			w.place.pods["uid-a"].Containers = []runtime.ContainerState{{Name: "app", Running: true, StartedAt: w.clock.Now()}}
		})
	})
	w.create(newPodObject("a"))
	w.eventually("pulling", w.place.has("pull app"))
	w.delete("a", 30)
	w.eventually("finished", w.isFinished("uid-a"))
	if want := []string{"prepare a", "pull app", "stop app/0 30s", "remove uid-a"}; !slices.Equal(w.place.given(), want) {
		t.Fatalf("orders are %v", w.place.given())
	}
}

func TestDeletionIsSeenBeforeEachContainer(t *testing.T) {
	w := newWorld(t)
	w.place.hold = func(_ context.Context, order string) error {
		if order == "start app" {
			w.delete("a", 30)
		}
		return nil
	}
	w.create(newPodObject("a", func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "second"}) }))
	w.eventually("finished", w.isFinished("uid-a"))
	if w.place.count("start app/0") != 1 || w.place.count("start second") != 0 || w.place.count("stop app/0") != 1 {
		t.Fatalf("orders are %v", w.place.given())
	}
}

// crowded is a world in which every slot is taken by a pod that is being prepared until free is called.
func crowded(t *testing.T) (w *world, free func()) {
	w = newWorld(t)
	gate := make(chan struct{})
	w.place.hold = func(ctx context.Context, order string) error {
		if strings.HasPrefix(order, "prepare first") {
			w.place.set(func() { w.place.orders = append(w.place.orders, "holding") })
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
		return nil
	}
	for i := range parallelStarts {
		w.create(newPodObject(fmt.Sprintf("first-%d", i)))
	}
	w.eventually("every slot is taken", func() bool { return w.place.count("holding") == parallelStarts })
	return w, func() {
		close(gate)
		w.eventually("the others are prepared", func() bool { return w.place.count("prepare first") == parallelStarts })
		w.settled()
		if w.place.count("prepare late") != 0 {
			t.Fatalf("orders are %v", w.place.given())
		}
	}
}

func TestPodsDeletedBeforeTheirTurnAreNotStarted(t *testing.T) {
	w, free := crowded(t)
	for i := range 20 {
		w.create(newPodObject(fmt.Sprintf("late-%d", i)))
	}
	for i := range 20 {
		w.delete(fmt.Sprintf("late-%d", i), 30)
		w.eventually("finished without a slot", w.isFinished(types.UID(fmt.Sprintf("uid-late-%d", i))))
	}
	free()
}

func TestDeletionWhileAPodGetsInLineIsSeen(t *testing.T) {
	w, free := crowded(t)
	var once sync.Once
	w.m.NotifyPods(t.Context(), func(pod *corev1.Pod) {
		w.status(pod)
		if pod.Name == "late" {
			once.Do(func() { w.delete("late", 30) })
		}
	})
	w.create(newPodObject("late"))
	w.eventually("finished without a slot", w.isFinished("uid-late"))
	free()
}

func TestDeletionThatNobodyToldOfYetIsSeen(t *testing.T) {
	w, free := crowded(t)
	w.create(newPodObject("late"))
	w.eventually("in line", w.waiting("late", "app", "ContainerCreating"))
	w.mu.Lock()
	pod, now := w.get("late").DeepCopy(), metav1.NewTime(w.clock.Now())
	pod.DeletionTimestamp = &now
	_ = w.store.Update(pod)
	w.mu.Unlock()
	free()
	w.eventually("finished", w.isFinished("uid-late"))
}
