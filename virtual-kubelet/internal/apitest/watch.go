// Package apitest is what tests need of an API in memory beyond client-go's.
package apitest

import (
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
)

// Watches has watches of an API in memory begin with what comes after them, and yields a value for each that has begun: wait for it
// before anything is written. As it is, one would begin with what came since the list, and hand out the API's own objects, while an
// informer may write into what it gets.
func Watches(api *fake.Clientset) <-chan struct{} {
	begun := make(chan struct{}, 100)
	api.PrependWatchReactor("*", func(action k8stesting.Action) (bool, watch.Interface, error) {
		w, err := api.Tracker().Watch(action.GetResource(), action.GetNamespace())
		select {
		case begun <- struct{}{}:
		default:
		}
		return true, w, err
	})
	return begun
}
