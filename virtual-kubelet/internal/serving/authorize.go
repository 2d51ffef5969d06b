package serving

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/kubernetes"
)

// authorizer asks the API what a user may do with a node, in a kubelet's terms: the resource nodes, with a subresource for the path.
type authorizer struct {
	api     kubernetes.Interface
	answers *cache.LRUExpireCache
}

func newAuthorizer(api kubernetes.Interface) *authorizer {
	return &authorizer{api: api, answers: cache.NewLRUExpireCache(cachedAnswers)}
}

// subresources of which one has to be allowed; `nodes/proxy` contains the finer ones.
func subresources(path string) []string {
	for prefix, names := range map[string][]string{
		"/stats": {"stats"}, "/metrics": {"metrics"}, "/logs": {"log"}, "/spec": {"spec"},
		"/pods": {"pods", "proxy"}, "/runningpods": {"pods", "proxy"}, "/healthz": {"healthz", "proxy"}, "/configz": {"configz", "proxy"},
	} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return names
		}
	}
	return []string{"proxy"}
}

var verbs = map[string]string{
	http.MethodPost: "create", http.MethodGet: "get", http.MethodHead: "get", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

func (a *authorizer) allowed(ctx context.Context, user *authenticationv1.UserInfo, method, path, node string) (bool, string, error) {
	verb, known := verbs[method]
	if !known {
		return false, "method " + method, nil
	}
	asked := ""
	for _, subresource := range subresources(path) {
		asked = fmt.Sprintf("%s nodes/%s of %s", verb, subresource, node)
		ok, err := a.review(ctx, user, &authorizationv1.ResourceAttributes{
			Verb: verb, Version: "v1", Resource: "nodes", Subresource: subresource, Name: node,
		})
		if ok || err != nil {
			return ok, asked, err
		}
	}
	return false, asked, nil
}

func (a *authorizer) review(ctx context.Context, user *authenticationv1.UserInfo, attributes *authorizationv1.ResourceAttributes) (bool, error) {
	spec := authorizationv1.SubjectAccessReviewSpec{
		ResourceAttributes: attributes, User: user.Username, Groups: user.Groups, UID: user.UID, Extra: map[string]authorizationv1.ExtraValue{},
	}
	for k, v := range user.Extra {
		spec.Extra[k] = authorizationv1.ExtraValue(v)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return false, err
	}
	key := string(text)
	if kept, ok := a.answers.Get(key); ok {
		return kept.(bool), nil
	}
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	review, err := a.api.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("asking the API what %s may do: %w", user.Username, err)
	}
	ttl := answerTTL
	if !review.Status.Allowed {
		ttl = refusalTTL
	}
	a.answers.Add(key, review.Status.Allowed, ttl)
	return review.Status.Allowed, nil
}
