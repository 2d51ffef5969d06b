package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/creack/pty"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/line"
)

// Main is the program serial-device: it serves a serial line, a pseudo-terminal that it makes, or its standard input and output.
func Main(args []string) error {
	var options Options
	var settings line.Settings
	var link string
	flags := pflag.NewFlagSet("serial-device", pflag.ContinueOnError)
	flags.StringVar(&options.Directory, "directory", "", "absolute path of the directory that keeps the device's state (needed)")
	flags.StringVar(&link, "pty", "", "make a pseudo-terminal, and this symbolic link to it")
	flags.StringVar(&settings.Device, "device", "", "serve this serial line")
	flags.IntVar(&settings.Baud, "baud", 0, "speed of the line (default 115200)")
	flags.IntVar(&settings.DataBits, "data-bits", 0, "7 or 8 (default 8)")
	flags.StringVar(&settings.Parity, "parity", "", "none, even or odd (default none)")
	flags.IntVar(&settings.StopBits, "stop-bits", 0, "1 or 2 (default 1)")
	flags.StringVar(&settings.FlowControl, "flow-control", "", "none, rtscts or xonxoff (default none)")
	flags.IntVar(&options.Line, "line", 0, "longest frame in bytes (default 2048)")
	flags.IntVar(&options.Pods, "pods", 0, "how many pods there may be (default 16)")
	flags.IntVar(&options.Containers, "containers", 0, "how many containers may run at a time (default 32)")
	flags.IntVar(&options.Document, "document", 0, "longest command with its environment in bytes (default 64 KiB)")
	flags.IntVar(&options.File, "file", 0, "largest file in bytes (default 1 MiB)")
	flags.IntVar(&options.Files, "files", 0, "largest sum of a pod's files in bytes (default 4 MiB)")
	flags.IntVar(&options.Log, "log", 0, "how much of each log is kept in bytes (default 256 KiB)")
	if err := flags.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if link != "" && settings.Device != "" {
		return errors.New("--pty and --device: one of them")
	}
	port, closePort, err := open(&settings, link)
	if err != nil {
		return err
	}
	defer closePort()
	d, err := New(options)
	if err != nil {
		return err
	}
	defer d.Close()
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- d.Serve(port) }()
	select {
	case err := <-served:
		return err
	case <-stop.Done():
		return nil
	}
}

type standard struct {
	io.Reader
	io.Writer
}

func open(settings *line.Settings, link string) (io.ReadWriter, func(), error) {
	switch {
	case link != "":
		return openPty(link)
	case settings.Device != "":
		settings.Complete()
		if err := settings.Check(); err != nil {
			return nil, nil, err
		}
		file, err := line.Open(settings)
		return file, func() { file.Close() }, err
	}
	return standard{os.Stdin, os.Stdout}, func() {}, nil
}

// openPty makes a pair. Its own end of the agent's side stays open, so that the pair outlives every agent.
func openPty(link string) (io.ReadWriter, func(), error) {
	controller, terminal, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	end := func() {
		controller.Close()
		terminal.Close()
	}
	// Before anybody sets it, a terminal echoes.
	if _, err := term.MakeRaw(int(terminal.Fd())); err != nil {
		end()
		return nil, nil, err
	}
	// The link appears whole, over one that an earlier run left.
	next := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(terminal.Name(), next); err != nil {
		end()
		return nil, nil, err
	}
	if err := os.Rename(next, link); err != nil {
		os.Remove(next)
		end()
		return nil, nil, err
	}
	return controller, end, nil
}
