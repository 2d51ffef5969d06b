// Package line opens a serial line, or a pseudo-terminal that stands for one.
package line

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Settings are those of the line itself; both ends need the same.
type Settings struct {
	// Device is the line's device file: "/dev/ttyUSB0", better "/dev/serial/by-id/...", or a pseudo-terminal.
	Device string `json:"device"`
	// Baud is the speed in bits a second, 115200 by default.
	Baud int `json:"baud,omitempty"`
	// DataBits are 8 (the default) or 7: the protocol is ASCII.
	DataBits int `json:"dataBits,omitempty"`
	// Parity is "none" (the default), "even" or "odd".
	Parity string `json:"parity,omitempty"`
	// StopBits are 1 (the default) or 2.
	StopBits int `json:"stopBits,omitempty"`
	// FlowControl is "none" (the default), "rtscts" (by wire) or "xonxoff" (by characters; the protocol has none of them).
	FlowControl string `json:"flowControl,omitempty"`
}

// Complete fills in defaults.
func (s *Settings) Complete() {
	for _, number := range []struct {
		value    *int
		standard int
	}{{&s.Baud, 115200}, {&s.DataBits, 8}, {&s.StopBits, 1}} {
		if *number.value == 0 {
			*number.value = number.standard
		}
	}
	for _, word := range []*string{&s.Parity, &s.FlowControl} {
		if *word == "" {
			*word = "none"
		}
	}
}

// Check says what cannot be.
func (s *Settings) Check() error {
	_, known := map[string]bool{"none": true, "even": true, "odd": true}[s.Parity]
	_, flow := map[string]bool{"none": true, "rtscts": true, "xonxoff": true}[s.FlowControl]
	switch {
	case s.Device == "":
		return fmt.Errorf("device: is needed, such as /dev/ttyUSB0")
	case s.Device[0] != '/':
		return fmt.Errorf("device: %q is not an absolute path", s.Device)
	case s.Baud < 50 || s.Baud > 4_000_000:
		return fmt.Errorf("baud: %d is not between 50 and 4000000", s.Baud)
	case s.DataBits != 7 && s.DataBits != 8:
		return fmt.Errorf("dataBits: %d is neither 7 nor 8", s.DataBits)
	case !known:
		return fmt.Errorf("parity: %q is none of none, even, odd", s.Parity)
	case s.StopBits != 1 && s.StopBits != 2:
		return fmt.Errorf("stopBits: %d is neither 1 nor 2", s.StopBits)
	case !flow:
		return fmt.Errorf("flowControl: %q is none of none, rtscts, xonxoff", s.FlowControl)
	}
	return nil
}

// Takes is how long so many bytes are on the line.
func (s *Settings) Takes(bytes int) time.Duration {
	bits := 1 + s.DataBits + s.StopBits
	if s.Parity != "none" {
		bits++
	}
	return time.Duration(bytes) * time.Duration(bits) * time.Second / time.Duration(s.Baud)
}

// Open opens the line for one user alone, in raw mode.
//
// golang.org/x/sys and not go.bug.st/serial: that one switches hardware flow control off and knows no other, and its writes have no
// deadline, so that a device which holds the line would hold the agent. A file of the runtime's poller has deadlines both ways, and
// a pseudo-terminal is opened like any other line.
func Open(s *Settings) (*os.File, error) {
	fd, err := unix.Open(s.Device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: s.Device, Err: err}
	}
	// The lock that other programs for serial lines (and getty) take.
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%s is used by another program: %w", s.Device, err)
	}
	if err := s.set(fd); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%s does not take its settings; is it a serial line? %w", s.Device, err)
	}
	return os.NewFile(uintptr(fd), s.Device), nil
}

func (s *Settings) set(fd int) error {
	termios, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if err != nil {
		return err
	}
	termios.Lflag, termios.Oflag = 0, 0
	// What is garbled shows in the checksum; a break is no byte.
	termios.Iflag = unix.IGNBRK
	// Without HUPCL the wire DTR stays as it is when the agent goes: many boards restart with it.
	termios.Cflag = unix.CREAD | unix.CLOCAL | unix.BOTHER | map[int]uint32{7: unix.CS7, 8: unix.CS8}[s.DataBits]
	termios.Ispeed, termios.Ospeed = uint32(s.Baud), uint32(s.Baud)
	switch s.Parity {
	case "odd":
		termios.Cflag |= unix.PARENB | unix.PARODD
	case "even":
		termios.Cflag |= unix.PARENB
	}
	if s.StopBits == 2 {
		termios.Cflag |= unix.CSTOPB
	}
	switch s.FlowControl {
	case "rtscts":
		termios.Cflag |= unix.CRTSCTS
	case "xonxoff":
		termios.Iflag |= unix.IXON | unix.IXOFF
	}
	termios.Cc[unix.VMIN], termios.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS2, termios)
}
