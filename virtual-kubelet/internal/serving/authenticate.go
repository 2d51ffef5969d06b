// Package serving is the agent's one listener: what a kubelet serves to the API server, for all nodes of the agent, to nobody unknown.
package serving

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/kubernetes"
)

const (
	// answerTTL is how long the API's answers about tokens and rights are kept; a refusal is asked about again sooner.
	answerTTL, refusalTTL = 2 * time.Minute, 10 * time.Second
	cachedAnswers         = 512
	reviewTimeout         = 10 * time.Second
)

// authenticator finds out who asks: by a client certificate of the cluster's authority, or by a token that the API knows.
type authenticator struct {
	api    kubernetes.Interface
	caFile string
	tokens *cache.LRUExpireCache

	mu     sync.Mutex
	pool   *x509.CertPool
	poolAt time.Time
}

func newAuthenticator(api kubernetes.Interface, caFile string) *authenticator {
	return &authenticator{api: api, caFile: caFile, tokens: cache.NewLRUExpireCache(cachedAnswers)}
}

// user is who asks; nil: nobody that is known.
func (a *authenticator) user(r *http.Request) (*authenticationv1.UserInfo, error) {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		user, err := a.byCertificate(r.TLS)
		if user != nil || err != nil {
			return user, err
		}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return nil, nil
	}
	return a.byToken(r.Context(), token)
}

func (a *authenticator) byCertificate(state *tls.ConnectionState) (*authenticationv1.UserInfo, error) {
	roots, err := a.roots()
	if roots == nil || err != nil {
		return nil, err
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	leaf := state.PeerCertificates[0]
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil || leaf.Subject.CommonName == "" {
		// Some other authority's; a token may still do.
		return nil, nil
	}
	return &authenticationv1.UserInfo{Username: leaf.Subject.CommonName, Groups: append(leaf.Subject.Organization, "system:authenticated")}, nil
}

// roots are read again when the file was changed.
func (a *authenticator) roots() (*x509.CertPool, error) {
	if a.caFile == "" {
		return nil, nil
	}
	info, err := os.Stat(a.caFile)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pool != nil && a.poolAt.Equal(info.ModTime()) {
		return a.pool, nil
	}
	text, err := os.ReadFile(a.caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", a.caFile)
	}
	a.pool, a.poolAt = pool, info.ModTime()
	return pool, nil
}

func (a *authenticator) byToken(ctx context.Context, token string) (*authenticationv1.UserInfo, error) {
	// Not the token itself: what is kept may end up in a dump.
	key := sha256.Sum256([]byte(token))
	if kept, ok := a.tokens.Get(key); ok {
		return kept.(*authenticationv1.UserInfo), nil
	}
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	review, err := a.api.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("asking the API about a token: %w", err)
	}
	if !review.Status.Authenticated {
		a.tokens.Add(key, (*authenticationv1.UserInfo)(nil), refusalTTL)
		return nil, nil
	}
	user := review.Status.User
	a.tokens.Add(key, &user, answerTTL)
	return &user, nil
}
