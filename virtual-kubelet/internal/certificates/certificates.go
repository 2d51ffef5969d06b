// Package certificates keeps a node's two certificates: the one it shows to the API server, and the one it serves with. Both are renewed
// the way a kubelet renews its own, through certificate signing requests, before they expire and without a restart.
package certificates

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"path/filepath"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/certificate"
)

// Current is the file that holds the client certificate and its key; the kubeconfig names it, and a renewal replaces it.
func Current(dir string) string { return filepath.Join(dir, "kubelet-client-current.pem") }

func store(kind, dir string) (certificate.FileStore, error) {
	return certificate.NewFileStore(kind, dir, dir, "", "")
}

func subject(node string) pkix.Name {
	return pkix.Name{CommonName: "system:node:" + node, Organization: []string{"system:nodes"}}
}

// Client makes the manager of the client certificate in dir, which has one already (AcceptCertificate). Clients made from a kubeconfig
// that names the file take up a renewed one by themselves.
func Client(ctx context.Context, node, dir string, api kubernetes.Interface) (certificate.Manager, error) {
	files, err := store("kubelet-client", dir)
	if err != nil {
		return nil, err
	}
	return certificate.NewManager(&certificate.Config{
		Name: "client certificate of " + node, Ctx: &ctx,
		ClientsetFn:      func(*tls.Certificate) (kubernetes.Interface, error) { return api, nil },
		Template:         &x509.CertificateRequest{Subject: subject(node)},
		SignerName:       certificatesv1.KubeAPIServerClientKubeletSignerName,
		GetUsages:        certificate.DefaultKubeletClientGetUsages,
		CertificateStore: files,
	})
}

// Serving makes the manager of the serving certificate for a node's name and address; the first one is asked for when it starts.
func Serving(ctx context.Context, node, address, dir string, api kubernetes.Interface) (certificate.Manager, error) {
	files, err := store("kubelet-server", dir)
	if err != nil {
		return nil, err
	}
	return certificate.NewManager(&certificate.Config{
		Name: "serving certificate of " + node, Ctx: &ctx,
		ClientsetFn: func(*tls.Certificate) (kubernetes.Interface, error) { return api, nil },
		Template: &x509.CertificateRequest{
			Subject: subject(node), DNSNames: []string{node}, IPAddresses: []net.IP{net.ParseIP(address)},
		},
		SignerName:       certificatesv1.KubeletServingSignerName,
		Usages:           []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		CertificateStore: files,
	})
}

// GetCertificate serves with the newest certificate.
func GetCertificate(m certificate.Manager) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if c := m.Current(); c != nil {
			return c, nil
		}
		return nil, errors.New("this node has no serving certificate yet: its certificate signing request waits for approval")
	}
}
