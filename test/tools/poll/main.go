// Poll asks a URL again and again, each time over a new connection, and prints "<start ms> <took ms> <outcome>" for each request.
// It ends with its standard input: whoever asked for it is gone, or has had enough.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

func main() {
	beat := flag.Duration("beat", 100*time.Millisecond, "time between the starts of two requests")
	patience := flag.Duration("patience", time.Second, "time one request may take")
	flag.Parse()
	client := &http.Client{Timeout: *patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		// Whose certificate it is does not matter to what is measured; who is on the other side is the test's own lab.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var print sync.Mutex
	for range time.Tick(*beat) {
		go func() {
			start := time.Now()
			outcome := ask(client, flag.Arg(0))
			print.Lock()
			defer print.Unlock()
			fmt.Println(start.UnixMilli(), time.Since(start).Milliseconds(), outcome)
		}()
	}
}

func ask(client *http.Client, url string) string {
	answer, err := client.Get(url)
	if err != nil {
		return reason(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return reason(err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Sprintf("status-%d", answer.StatusCode)
	}
	return "ok"
}

func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "no-route"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	default:
		return "failed"
	}
}
