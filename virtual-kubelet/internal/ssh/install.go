package ssh

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

//go:embed scripts/*.sh
var scripts embed.FS

// applets are what the scripts call beside the shell's own commands; docs/virtual-nodes/ssh-device.md has the same list.
var applets = strings.Fields("awk cat chmod date env head id ln mkdir mkfifo mv rm rmdir setsid sleep stat tail wc")

// hello finds the directory and what is missing. It runs at every connection and changes nothing.
const hello = `directory=$1
shift
if [ -z "$directory" ]; then
	if [ "$(id -u)" = 0 ]; then directory=/var/lib/pulumi-kubeadm-device; else directory=${HOME:?}/.pulumi-kubeadm; fi
fi
echo "pulumi-kubeadm-device: $directory"
for applet; do command -v "$applet" >/dev/null || echo "$applet"; done
awk 'BEGIN { exit !(systime() > 0) }' 2>/dev/null || echo "an awk with systime()"`

// put makes a file of what is sent, if all of it arrives, and deletes others of its kind. Halves of the same one stay: a call whose
// connection was cut may still be at it.
const put = `umask 077
mkdir -p "${1%/*}" && cat >"$1.$$" && [ "$(stat -c %s "$1.$$")" = "$2" ] && mv -f "$1.$$" "$1" || { rm -f "$1.$$"; exit 1; }
for old in "${1%/*}"/script.*; do case $old in "$1" | "$1".*) ;; *) rm -f "$old" ;; esac; done`

// script is the text that the device runs, with this node's settings.
func (d *device) script(root string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "root=%s boot_file=%s log_size=%d log_files=%d\n", quote(root), quote(d.bootFile), d.config.Logs.MaxSize.Value(), d.config.Logs.MaxFiles)
	entries, err := scripts.ReadDir("scripts")
	for _, entry := range entries {
		part, readErr := scripts.ReadFile("scripts/" + entry.Name())
		err = errors.Join(err, readErr)
		text.Write(part)
	}
	if err != nil {
		panic(err)
	}
	return text.String()
}

func (d *device) greet(ctx context.Context, c *connection) (*login, error) {
	ctx, cancel := context.WithTimeout(ctx, d.config.Timeouts.Call.Duration)
	defer cancel()
	found := &login{connection: c}
	output, err := found.run(ctx, "exec sh -c "+quote(append([]string{hello, "sh", d.config.Directory}, applets...)...), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: is there a POSIX shell? %w", d.config.Host, err)
	}
	directory, ok := strings.CutPrefix(string(output), mark+" /")
	if !ok {
		return nil, fmt.Errorf("%s: a login for a command must print nothing of its own; it said %.100q", d.config.Host, output)
	}
	lines := strings.Split(strings.TrimSpace(directory), "\n")
	found.root = "/" + lines[0] + "/" + d.nodeName
	sum := sha256.Sum256([]byte(d.script(found.root)))
	found.script = found.root + "/script." + hex.EncodeToString(sum[:6])
	found.missing = strings.Join(lines[1:], ", ")
	return found, nil
}

// apply sends a payload, and before it the script if it is not there.
func (d *device) apply(ctx context.Context, p *payload) error {
	text, all := p.bytes()
	words := []string{"apply", strconv.Itoa(text), strconv.Itoa(len(all))}
	_, err := d.callOrInstall(ctx, all, words, errNotInstalled, errOtherScript)
	return err
}

func (d *device) install(ctx context.Context) error {
	if err := d.installing.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%s: install: %w", d.config.Host, err)
	}
	defer d.installing.Release(1)
	_, err := d.do(ctx, "install", func(ctx context.Context, l *login) ([]byte, error) {
		if l.missing != "" {
			return nil, fmt.Errorf("the device lacks %s; docs/virtual-nodes/ssh-device.md lists what it needs", l.missing)
		}
		text := d.script(l.root)
		return l.run(ctx, "exec sh -c "+quote(put, "sh", l.script, strconv.Itoa(len(text))), []byte(text))
	})
	if err == nil {
		d.installed.send()
	}
	return err
}
