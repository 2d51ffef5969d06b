package line

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func settings(device string) *Settings {
	s := &Settings{Device: device}
	s.Complete()
	return s
}

func TestCheck(t *testing.T) {
	if err := settings("/dev/ttyS0").Check(); err != nil {
		t.Fatal(err)
	}
	for field, wrong := range map[string]func(*Settings){
		"device":      func(s *Settings) { s.Device = "ttyS0" },
		"baud":        func(s *Settings) { s.Baud = 49 },
		"dataBits":    func(s *Settings) { s.DataBits = 6 },
		"parity":      func(s *Settings) { s.Parity = "mark" },
		"stopBits":    func(s *Settings) { s.StopBits = 3 },
		"flowControl": func(s *Settings) { s.FlowControl = "dtrdsr" },
	} {
		s := settings("/dev/ttyS0")
		wrong(s)
		if err := s.Check(); err == nil || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestTakes(t *testing.T) {
	s := settings("/dev/ttyS0")
	s.Baud, s.Parity, s.StopBits = 1200, "even", 2
	if got := s.Takes(100); got != time.Second {
		t.Errorf("100 characters of 12 bits at 1200 baud take %s", got)
	}
}

func TestOpenSetsTheLine(t *testing.T) {
	controller, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer controller.Close()
	defer terminal.Close()
	s := settings(terminal.Name())
	s.Baud, s.Parity, s.StopBits, s.FlowControl = 12345, "odd", 2, "rtscts"
	file, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS2)
	if err != nil {
		t.Fatal(err)
	}
	// A pseudo-terminal keeps 8 bits and no parity whatever it is told.
	want := uint32(unix.CSTOPB | unix.CRTSCTS | unix.CLOCAL | unix.BOTHER)
	if got.Cflag&want != want || got.Cflag&unix.HUPCL != 0 || got.Ospeed != 12345 || got.Lflag != 0 || got.Oflag != 0 {
		t.Errorf("settings of the line: %+v", got)
	}
	if _, err := Open(s); err == nil || !strings.Contains(err.Error(), "used by another program") {
		t.Errorf("a second user: %v", err)
	}
	if err := file.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read without anything to read: %v", err)
	}
	// A raw line hands over every byte as it is, both ways.
	for _, way := range []struct{ from, to *os.File }{{controller, file}, {file, controller}} {
		if _, err := way.from.Write([]byte("\x03\x04\r\n\x7f")); err != nil {
			t.Fatal(err)
		}
		if err := file.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 5)
		for n := 0; n < 5; {
			more, err := way.to.Read(text[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += more
		}
		if string(text) != "\x03\x04\r\n\x7f" {
			t.Errorf("%q", text)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = Open(s); err != nil {
		t.Fatalf("after the first user left: %v", err)
	}
	file.Close()
}

func TestOpenRefusesWhatIsNoLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(settings(file)); err == nil || !strings.Contains(err.Error(), "is it a serial line?") {
		t.Errorf("a plain file: %v", err)
	}
	if _, err := Open(settings(file + "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
}
