package certificates

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/client-go/util/certificate"
)

// sign makes a certificate of a request, as the cluster's authority does.
func sign(t *testing.T, request []byte, from, until time.Time, usage x509.ExtKeyUsage) []byte {
	t.Helper()
	block, _ := pem.Decode(request)
	if block == nil {
		t.Fatalf("no request in PEM: %s", request)
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: csr.Subject, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, DNSNames: csr.DNSNames, IPAddresses: csr.IPAddresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, csr.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func request(t *testing.T, dir string) []byte {
	t.Helper()
	text, err := Request("press-7", dir)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRequestAndAccept(t *testing.T) {
	dir, now := t.TempDir()+"/pki", time.Now()
	first := request(t, dir)
	block, _ := pem.Decode(first)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || csr.CheckSignature() != nil || csr.Subject.String() != "CN=system:node:press-7,O=system:nodes" {
		t.Fatalf("request of %s: %v", csr.Subject, err)
	}
	again, _ := pem.Decode(request(t, dir))
	other, err := x509.ParseCertificateRequest(again.Bytes)
	if err != nil || !other.PublicKey.(*ecdsa.PublicKey).Equal(csr.PublicKey) {
		t.Fatal("a key that waits was replaced")
	}
	if info, err := os.Stat(pending(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key: %v %v", info, err)
	}
	good := sign(t, first, now.Add(-time.Hour), now.Add(time.Hour), x509.ExtKeyUsageClientAuth)
	if err := Accept(dir, good, now); err != nil {
		t.Fatal(err)
	}
	if err := Accept(dir, good, now); err != nil {
		t.Fatalf("the same certificate once more: %v", err)
	}
	if _, err := os.Stat(pending(dir)); !os.IsNotExist(err) {
		t.Fatal("the key still waits")
	}
	text, err := os.ReadFile(Current(dir))
	if err != nil || !strings.Contains(string(text), "CERTIFICATE") || !strings.Contains(string(text), "PRIVATE KEY") {
		t.Fatalf("the file of both is wrong: %v", err)
	}
	if info, err := os.Stat(Current(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode of the file: %v %v", info.Mode(), err)
	}
}

func TestCertificatesThatDoNotFit(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		text func(t *testing.T, dir string) []byte
		want string
	}{
		"another key": {func(t *testing.T, _ string) []byte {
			return sign(t, request(t, t.TempDir()), now, now.Add(time.Hour), x509.ExtKeyUsageClientAuth)
		}, "not for the key"},
		"expired": {func(t *testing.T, dir string) []byte {
			return sign(t, request(t, dir), now.Add(-2*time.Hour), now.Add(-time.Hour), x509.ExtKeyUsageClientAuth)
		}, "expired"},
		"for servers": {func(t *testing.T, dir string) []byte {
			return sign(t, request(t, dir), now, now.Add(time.Hour), x509.ExtKeyUsageServerAuth)
		}, "not one for clients"},
		"no certificate": {func(*testing.T, string) []byte { return []byte("hello") }, "no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			request(t, dir)
			if err := Accept(dir, c.text(t, dir), now); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v", err)
			}
			if _, err := os.Stat(Current(dir)); !os.IsNotExist(err) {
				t.Fatal("it was installed")
			}
		})
	}
	if err := Accept(t.TempDir(), sign(t, request(t, t.TempDir()), now, now.Add(time.Hour), x509.ExtKeyUsageClientAuth), now); err == nil {
		t.Fatal("accepted without a key")
	}
}

// authority approves and signs what is asked for, and keeps the requests.
func authority(t *testing.T, usage x509.ExtKeyUsage, life time.Duration) (*fake.Clientset, chan certificatesv1.CertificateSigningRequestSpec) {
	api := fake.NewClientset()
	asked := make(chan certificatesv1.CertificateSigningRequestSpec, 10)
	api.PrependReactor("create", "certificatesigningrequests", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
		csr := action.(k8stesting.CreateAction).GetObject().(*certificatesv1.CertificateSigningRequest).DeepCopy()
		csr.Name, csr.UID = "csr-1", "u"
		csr.Status = certificatesv1.CertificateSigningRequestStatus{
			Conditions:  []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: "True"}},
			Certificate: sign(t, csr.Spec.Request, time.Now().Add(-time.Hour), time.Now().Add(life), usage),
		}
		if err := api.Tracker().Add(csr); err != nil {
			t.Error(err)
		}
		asked <- csr.Spec
		return true, csr, nil
	})
	return api, asked
}

func waitFor(t *testing.T, m certificate.Manager, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("the certificate did not come")
		}
		time.Sleep(5 * time.Millisecond)
	}
	_ = m
}

func TestServingCertificateIsAskedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	api, asked := authority(t, x509.ExtKeyUsageServerAuth, time.Hour)
	m, err := Serving(ctx, "press-7", "192.0.2.1", t.TempDir(), api)
	if err != nil {
		t.Fatal(err)
	}
	get := GetCertificate(m)
	if _, err := get(nil); err == nil || !strings.Contains(err.Error(), "waits for approval") {
		t.Fatalf("without a certificate: %v", err)
	}
	m.Start()
	defer m.Stop()
	waitFor(t, m, func() bool { return m.Current() != nil })
	c, err := get(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := <-asked
	if spec.SignerName != certificatesv1.KubeletServingSignerName || len(spec.Usages) != 2 {
		t.Fatalf("asked for %+v", spec)
	}
	if c.Leaf.DNSNames[0] != "press-7" || c.Leaf.IPAddresses[0].String() != "192.0.2.1" || len(c.Leaf.DNSNames)+len(c.Leaf.IPAddresses) != 2 {
		t.Fatalf("names are %v %v", c.Leaf.DNSNames, c.Leaf.IPAddresses)
	}
}

func TestClientCertificateIsRenewedBeforeItExpires(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir, now := t.TempDir(), time.Now()
	// Nearly over: most of its life lies behind it.
	if err := Accept(dir, sign(t, request(t, dir), now.Add(-100*time.Hour), now.Add(time.Minute), x509.ExtKeyUsageClientAuth), now); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(Current(dir))
	if err != nil {
		t.Fatal(err)
	}
	api, asked := authority(t, x509.ExtKeyUsageClientAuth, 1000*time.Hour)
	m, err := Client(ctx, "press-7", dir, api)
	if err != nil {
		t.Fatal(err)
	}
	m.Start()
	defer m.Stop()
	waitFor(t, m, func() bool {
		after, err := os.ReadFile(Current(dir))
		return err == nil && string(after) != string(before)
	})
	if spec := <-asked; spec.SignerName != certificatesv1.KubeAPIServerClientKubeletSignerName {
		t.Fatalf("asked %s", spec.SignerName)
	}
}
