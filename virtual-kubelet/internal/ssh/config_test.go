package ssh

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func write(t *testing.T, text string) (file string) {
	directory := t.TempDir()
	signer := newSigner(t)
	must(t, os.WriteFile(filepath.Join(directory, "known_hosts"), []byte(knownhosts.Line([]string{"10.0.9.7"}, signer.PublicKey())+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(directory, "password"), []byte("secret word\n"), 0o600))
	file = filepath.Join(directory, "provider.yaml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

const minimal = "host: 10.0.9.7\npasswordFile: password\nknownHostsFile: known_hosts\n"

func TestConfigDefaults(t *testing.T) {
	file := write(t, minimal+"proxy: {host: jump, port: 2222, user: me, passwordFile: password, knownHostsFile: known_hosts}\n")
	config, err := loadConfig(file)
	must(t, err)
	if config.Port != 22 || config.User != "root" || config.PasswordFile != filepath.Join(filepath.Dir(file), "password") {
		t.Errorf("%+v", config.Hop)
	}
	if config.Proxy.Port != 2222 || config.Proxy.User != "me" || !filepath.IsAbs(config.Proxy.KnownHostsFile) {
		t.Errorf("%+v", config.Proxy)
	}
	if config.Logs.MaxSize.Value() != 10<<20 || config.Logs.MaxFiles != 5 || config.Timeouts.Call.Duration != 30*time.Second || config.Timeouts.Dial.Duration != 10*time.Second {
		t.Errorf("%+v", config)
	}
}

func TestConfigErrors(t *testing.T) {
	for want, text := range map[string]string{
		"unknown field":             minimal + "hots: x\n",
		"host: is needed":           "passwordFile: password\nknownHostsFile: known_hosts\n",
		"knownHostsFile: is needed": "host: 10.0.9.7\npasswordFile: password\n",
		"one of them is needed":     "host: 10.0.9.7\nknownHostsFile: known_hosts\n",
		"no such file":              "host: 10.0.9.7\npasswordFile: gone\nknownHostsFile: known_hosts\n",
		"port: 70000":               minimal + "port: 70000\n",
		"absolute path":             minimal + "directory: here\n",
		"less than 4Ki":             minimal + "logs: {maxSize: 1Ki}\n",
		"maxFiles":                  minimal + "logs: {maxFiles: -1}\n",
		"proxy.host: is needed":     minimal + "proxy: {user: me}\n",
		"no privateKeyFile":         minimal + "privateKeyPassphraseFile: password\n",
		"must not be negative":      minimal + "timeouts: {call: -1s}\n",
	} {
		if _, err := loadConfig(write(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error with %q, got %v", text, want, err)
		}
	}
	if _, err := New(t.Context(), write(t, minimal), ""); err == nil {
		t.Error("a node without a name was taken")
	}
}

func TestEncryptedKey(t *testing.T) {
	l := newLab(t, "busybox")
	block, err := ssh.MarshalPrivateKeyWithPassphrase(l.userKey, "", []byte("open sesame"))
	must(t, err)
	must(t, os.WriteFile(l.config.PrivateKeyFile, pem.EncodeToMemory(block), 0o600))
	if err := l.config.Hop.check(); err == nil || !strings.Contains(err.Error(), "passphrase") {
		t.Fatalf("no passphrase: %v", err)
	}
	l.config.PrivateKeyPassphraseFile = filepath.Join(l.home, "passphrase")
	must(t, os.WriteFile(l.config.PrivateKeyPassphraseFile, []byte("open sesame\n"), 0o600))
	signer, err := l.config.Hop.signer()
	must(t, err)
	user, err := ssh.NewPublicKey(l.userKey.Public())
	must(t, err)
	if string(signer.PublicKey().Marshal()) != string(user.Marshal()) {
		t.Fatal("it is another key")
	}
}
