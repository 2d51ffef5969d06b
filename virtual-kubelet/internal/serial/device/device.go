package device

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// Device runs processes for whoever asks over the line.
type Device struct {
	options Options
	now     func() time.Time

	mutex sync.Mutex
	state state
	// processes are waited for by Close.
	processes sync.WaitGroup
}

// New starts a device in its directory: one boot.
func New(options Options) (*Device, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(options.Directory, "pods"), 0o700); err != nil {
		return nil, err
	}
	d := &Device{options: options, now: time.Now}
	if err := d.load(); err != nil {
		return nil, err
	}
	return d, nil
}

// Serve answers requests until the line ends. What is damaged is dropped: the agent asks again.
func (d *Device) Serve(line io.ReadWriter) error {
	reader := protocol.NewReader(line, d.options.Line)
	for {
		frame, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if frame.Answer {
			// A line that echoes.
			continue
		}
		answer := protocol.Frame{Answer: true, Seq: frame.Seq, Body: d.Answer(frame.Body)}
		if _, err := io.WriteString(line, answer.Line()); err != nil {
			return err
		}
	}
}

// Close ends everything that runs, as the loss of power does.
func (d *Device) Close() {
	d.mutex.Lock()
	for _, pod := range d.state.Pods {
		for _, attempt := range pod.Attempts {
			d.kill(attempt)
		}
	}
	d.mutex.Unlock()
	d.processes.Wait()
}

// refusal is an answer "err".
type refusal struct{ code, text string }

func (r refusal) Error() string { return r.text }

func refuse(code, format string, values ...any) error {
	return refusal{code, fmt.Sprintf(format, values...)}
}

// longestText of an error fits into the shortest line.
const longestText = 300

func (d *Device) refused(err error) string {
	var r refusal
	if !errors.As(err, &r) {
		r = refusal{protocol.CodeFailed, err.Error()}
	}
	return fmt.Sprintf("err code=%s text=%s", r.code, protocol.Encode(r.text[:min(len(r.text), longestText)]))
}
