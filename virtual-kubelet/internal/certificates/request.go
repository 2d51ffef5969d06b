package certificates

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/util/keyutil"
)

// pending is the key of a request whose certificate did not come yet.
func pending(dir string) string { return filepath.Join(dir, "kubelet-client-pending.key") }

// Request makes the node's key in dir, if none is waiting for its certificate, and returns the request for it in PEM. The key stays on
// this machine.
func Request(node, dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(pending(dir))
	if os.IsNotExist(err) {
		if text, err = newKey(); err == nil {
			err = writeFile(pending(dir), text)
		}
	}
	if err != nil {
		return nil, err
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pending(dir), err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject(node)}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// Accept checks a certificate in PEM against the key that waits for it, and installs both as the node's client certificate.
func Accept(dir string, certificatePEM []byte, now time.Time) error {
	block, _ := pem.Decode(certificatePEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("standard input holds no certificate in PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	if now.After(c.NotAfter) {
		return fmt.Errorf("the certificate expired at %s (this machine's clock says %s)", c.NotAfter.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	if !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return errors.New("the certificate is not one for clients")
	}
	text, err := os.ReadFile(pending(dir))
	if os.IsNotExist(err) {
		return accepted(dir, c)
	}
	if err != nil {
		return err
	}
	key, err := parseKey(text)
	if err != nil {
		return fmt.Errorf("%s: %w", pending(dir), err)
	}
	if public, ok := key.Public().(*ecdsa.PublicKey); !ok || !public.Equal(c.PublicKey) {
		return fmt.Errorf("the certificate is not for the key in %s: ask for another with the request that `csr` prints", pending(dir))
	}
	files, err := store("kubelet-client", dir)
	if err != nil {
		return err
	}
	if _, err := files.Update(certificatePEM, text); err != nil {
		return err
	}
	return os.Remove(pending(dir))
}

// accepted says whether this very certificate is installed already.
func accepted(dir string, c *x509.Certificate) error {
	text, err := os.ReadFile(Current(dir))
	if err == nil {
		if block, _ := pem.Decode(text); block != nil && bytes.Equal(block.Bytes, c.Raw) {
			return nil
		}
	}
	return fmt.Errorf("no key in %s waits for a certificate: run `csr` first", dir)
}

func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return keyutil.MarshalPrivateKeyToPEM(key)
}

func parseKey(text []byte) (crypto.Signer, error) {
	key, err := keyutil.ParsePrivateKeyPEM(text)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("it holds no key that can sign")
	}
	return signer, nil
}

// writeFile makes the file in one step, for root alone.
func writeFile(path string, text []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
