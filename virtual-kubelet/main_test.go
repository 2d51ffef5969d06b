package main

import (
	"bytes"
	"strings"
	"testing"

	"pulumi-kubeadm/virtual-kubelet/internal/node"
)

func run(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := command()
	c.SetArgs(args)
	c.SetIn(strings.NewReader(in))
	c.SetOut(&out)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestCommands(t *testing.T) {
	if out, err := run(t, "", "version"); err != nil || out != node.Version+"\n" {
		t.Errorf("version: %q %v", out, err)
	}
	dir := t.TempDir()
	out, err := run(t, "", "csr", "--nodename", "n1", "--cert-dir", dir)
	if err != nil || !strings.HasPrefix(out, "-----BEGIN CERTIFICATE REQUEST-----") {
		t.Errorf("csr: %q %v", out, err)
	}
	if _, err := run(t, "hello", "accept-certificate", "--cert-dir", dir); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("accept-certificate: %v", err)
	}
	for args, want := range map[string]string{
		"":                                 `required flag(s) "nodename", "provider"`,
		"--nodename n1 --provider nothing": "has to be one of",
		"csr":                              "required flag",
		"clean --nodename n1 --provider x": "has to be one of",
		"--nodename n1 --provider simulated --config /nowhere/node.yaml": "/nowhere/node.yaml",
	} {
		if _, err := run(t, "", strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
