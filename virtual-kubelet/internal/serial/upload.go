package serial

import (
	"context"
	"fmt"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// upload sends content piece by piece: head makes a request without the offset and the piece, which come last. The device says how much it has.
func (d *device) upload(ctx context.Context, what, head string, content []byte) error {
	for sent, stuck := 0, 0; ; {
		asked := sent
		answer, err := d.askWithin(ctx, func(line int) (string, error) {
			beside := protocol.Overhead + len(head) + len(fmt.Sprintf(" %d ", sent))
			room := protocol.Room(line - beside)
			if room == 0 {
				return "", fmt.Errorf("%s: its names are too long for lines of %d bytes (the device's limit line, or maxLine)", what, line)
			}
			return fmt.Sprintf("%s %d %s", head, sent, protocol.Encode(content[sent:min(len(content), sent+room)])), nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		next, err := answer.Number("next")
		if err != nil || next < 0 || next > int64(len(content)) {
			return fmt.Errorf("%s: the device has %s bytes of %d", what, answer.Fields["next"], len(content))
		}
		if sent = int(next); sent == len(content) {
			return nil
		}
		// A device that was started anew in between begins again; one that takes nothing does not do so for ever.
		if sent <= asked {
			if stuck++; stuck > 3 {
				return fmt.Errorf("%s: the device takes no more than %d bytes of %d", what, sent, len(content))
			}
		}
	}
}
