package resolve

import (
	"context"
	"encoding/json"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type tokenKey struct {
	pod            types.UID
	audience       string
	expirationSecs int64
}

type token struct {
	text      string
	refreshAt time.Time
}

// serviceAccountToken is bound to the pod; another is asked for after 80 % of its life, or after a day.
func (r *Resolver) serviceAccountToken(ctx context.Context, pod *corev1.Pod, p *corev1.ServiceAccountTokenProjection) (string, error) {
	seconds := int64(3600)
	if p.ExpirationSeconds != nil {
		seconds = *p.ExpirationSeconds
	}
	k := tokenKey{pod.UID, p.Audience, seconds}
	r.mu.Lock()
	kept := r.tokens[k]
	r.mu.Unlock()
	if kept != nil && r.clock.Now().Before(kept.refreshAt) {
		return kept.text, nil
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: &seconds,
		BoundObjectRef:    &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID},
	}}
	if p.Audience != "" {
		request.Spec.Audiences = []string{p.Audience}
	}
	answer, err := r.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, serviceAccount(pod), request, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	now := r.clock.Now()
	life := answer.Status.ExpirationTimestamp.Sub(now) * 4 / 5
	if life > 24*time.Hour {
		life = 24 * time.Hour
	}
	r.mu.Lock()
	r.tokens[k] = &token{answer.Status.Token, now.Add(life)}
	r.mu.Unlock()
	return answer.Status.Token, nil
}

func serviceAccount(pod *corev1.Pod) string {
	if pod.Spec.ServiceAccountName == "" {
		return "default"
	}
	return pod.Spec.ServiceAccountName
}

// PullSecrets are the pod's registry credentials, each as a docker configuration ({"auths": ...}). One that is missing is told in an
// event and left out, as a kubelet does: the image may well be public.
func (r *Resolver) PullSecrets(ctx context.Context, pod *corev1.Pod) [][]byte {
	var out [][]byte
	for _, ref := range pod.Spec.ImagePullSecrets {
		o, err := r.secret(ctx, pod, ref.Name)
		if err != nil {
			r.events.Eventf(pod, corev1.EventTypeWarning, "FailedToRetrieveImagePullSecret", "image pull secret %q: %v", ref.Name, err)
			continue
		}
		switch o.typ {
		case corev1.SecretTypeDockerConfigJson:
			out = append(out, o.data[corev1.DockerConfigJsonKey])
		case corev1.SecretTypeDockercfg:
			// The older form is the inside of "auths".
			wrapped, err := json.Marshal(map[string]json.RawMessage{"auths": o.data[corev1.DockerConfigKey]})
			if err == nil {
				out = append(out, wrapped)
			}
		}
	}
	return out
}
