package cluster

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// Config is the provider's file. Either kubeconfigFile, or server with exactly one credential: tokenFile; clientCertificateFile and
// clientKeyFile; username and passwordFile.
type Config struct {
	// KubeconfigFile says how to reach the API, credentials included.
	KubeconfigFile string `json:"kubeconfigFile,omitempty"`
	// Context of the kubeconfig. Default: its current one.
	Context string `json:"context,omitempty"`
	// Server is the API's address, https only, without a user. Example: https://10.1.0.10:6443
	Server string `json:"server,omitempty"`
	// CAFile holds the API's certificate authority in PEM. Default: those that the machine trusts.
	CAFile string `json:"caFile,omitempty"`
	// TokenFile holds a bearer token; it is read again every minute.
	TokenFile string `json:"tokenFile,omitempty"`
	// ClientCertificateFile and ClientKeyFile hold a client certificate in PEM.
	ClientCertificateFile string `json:"clientCertificateFile,omitempty"`
	ClientKeyFile         string `json:"clientKeyFile,omitempty"`
	// Username and PasswordFile are for an authenticating proxy.
	Username     string `json:"username,omitempty"`
	PasswordFile string `json:"passwordFile,omitempty"`
	// Namespace that pods run in, which has to be there. Default: the context's, else "default".
	Namespace string `json:"namespace,omitempty"`
	// Owner names the cluster of the node, up to 63 characters that a label may have. Nodes of one name of several clusters may then share
	// a namespace. Default: empty.
	Owner string `json:"owner,omitempty"`
}

// How much the agent asks of the other cluster at most; 100 pods that come together are there within seconds.
const requestsPerSecond, requestBurst = 50, 100

// Read reads the provider's file; unknown fields are an error.
func Read(file string) (Config, error) {
	var c Config
	if file == "" {
		return c, errors.New("--provider-config is needed: it says how to reach the other cluster")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

func (c Config) check() error {
	credentials := 0
	for _, pair := range [][2]string{{c.TokenFile, c.TokenFile}, {c.ClientCertificateFile, c.ClientKeyFile}, {c.Username, c.PasswordFile}} {
		if (pair[0] == "") != (pair[1] == "") {
			return errors.New("clientCertificateFile and clientKeyFile go together, and so do username and passwordFile")
		}
		if pair[0] != "" {
			credentials++
		}
	}
	if err := checkAddress(c.Server); err != nil {
		return err
	}
	switch {
	case c.KubeconfigFile != "" && (c.Server != "" || c.CAFile != "" || credentials > 0):
		return errors.New("server, caFile and credentials are in kubeconfigFile already")
	case c.KubeconfigFile != "":
		return nil
	case !strings.HasPrefix(c.Server, "https://"):
		return fmt.Errorf("server is %q and has to begin with https://, or kubeconfigFile has to be given", c.Server)
	case credentials != 1:
		return errors.New("exactly one credential is needed: tokenFile, clientCertificateFile and clientKeyFile, or username and passwordFile")
	case c.Context != "":
		return errors.New("context is for kubeconfigFile")
	}
	return nil
}

// rest is the way to the API, and the namespace.
func (c Config) rest() (*rest.Config, string, error) {
	out, namespace, err := c.way()
	if err != nil {
		return nil, "", err
	}
	if c.Namespace != "" {
		namespace = c.Namespace
	}
	if namespace == "" {
		namespace = "default"
	}
	out.QPS, out.Burst = requestsPerSecond, requestBurst
	return out, namespace, nil
}

func (c Config) way() (*rest.Config, string, error) {
	if c.KubeconfigFile != "" {
		loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
			&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.KubeconfigFile}, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
		out, err := loader.ClientConfig()
		if err == nil {
			err = checkAddress(out.Host)
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", c.KubeconfigFile, err)
		}
		namespace, _, err := loader.Namespace()
		return out, namespace, err
	}
	out := &rest.Config{Host: c.Server, BearerTokenFile: c.TokenFile, Username: c.Username, TLSClientConfig: rest.TLSClientConfig{
		CAFile: c.CAFile, CertFile: c.ClientCertificateFile, KeyFile: c.ClientKeyFile,
	}}
	if c.PasswordFile != "" {
		password, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return nil, "", err
		}
		out.Password = strings.TrimRight(string(password), "\n")
	}
	return out, "", nil
}
