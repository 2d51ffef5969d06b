package cluster

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// checkAddress keeps credentials out of what is told on the Node object, in events and in logs: the address is. So it is not told here.
func checkAddress(server string) error {
	if server == "" {
		return nil
	}
	address, _, err := rest.DefaultServerURL(server, "", schema.GroupVersion{}, true)
	if err != nil {
		return errors.New("the server's address is no URL; user and password do not belong into it, but into the fields for them")
	}
	if address.User != nil {
		return errors.New("the server's address holds a user or password; give them as username and passwordFile, " +
			"or in a kubeconfig as the user's username and password")
	}
	return nil
}
