package cri

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// book is a log whose entries are a second apart.
type book struct {
	t    *testing.T
	m    *machine
	id   runtime.ContainerID
	path string
	at   int
}

func newBook(t *testing.T) *book {
	m := &machine{config: &Config{Directory: t.TempDir(), Socket: "/nowhere"}, nodeName: "press-7"}
	b := &book{t: t, m: m, id: runtime.ContainerID{Pod: "uid", Name: "main"}}
	b.path = m.logPath(b.id)
	for _, directory := range []string{m.attemptDirectory(b.id), filepath.Dir(b.path)} {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// write adds an entry; tag is F, or P for a part of a line.
func (b *book) write(tag, text string) {
	file, err := os.OpenFile(b.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer file.Close()
	when := begin.Add(time.Duration(b.at) * time.Second).Format(time.RFC3339Nano)
	b.at++
	if _, err := fmt.Fprintf(file, "%s stdout %s %s\n", when, tag, text); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) turn(files int) {
	if err := rotate(b.path, files, begin.Add(time.Duration(b.at)*time.Second), func() error { return nil }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) read(options runtime.LogOptions) string {
	b.t.Helper()
	reader, err := b.m.Logs(b.t.Context(), b.id, options)
	if err != nil {
		b.t.Fatal(err)
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func TestLogsGoOverRotatedFiles(t *testing.T) {
	b := newBook(t)
	for i, text := range []string{"one", "two", "three", "four", "five"} {
		if i == 2 || i == 4 {
			b.turn(5)
		}
		b.write("F", text)
	}
	for tail, want := range map[int]string{
		-1: "one\ntwo\nthree\nfour\nfive\n", 0: "", 1: "five\n", 2: "four\nfive\n", 4: "two\nthree\nfour\nfive\n", 9: "one\ntwo\nthree\nfour\nfive\n",
	} {
		if got := b.read(runtime.LogOptions{Tail: tail}); got != want {
			t.Errorf("tail %d: %q, want %q", tail, got, want)
		}
	}
	if got := b.read(runtime.LogOptions{Tail: -1, Since: begin.Add(3 * time.Second), Timestamps: true}); got != "2026-01-02T03:04:08Z four\n2026-01-02T03:04:09Z five\n" {
		t.Errorf("since: %q", got)
	}
	if got := b.read(runtime.LogOptions{Tail: -1, LimitBytes: 6}); got != "one\ntw" {
		t.Errorf("limit: %q", got)
	}
}

func TestPartsOfALineAreOneLine(t *testing.T) {
	b := newBook(t)
	b.write("F", "short")
	b.write("P", "long ")
	b.write("P", "and ")
	b.write("F", "longer")
	if got := b.read(runtime.LogOptions{Tail: 1, Timestamps: true}); got != "2026-01-02T03:04:06Z long and longer\n" {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNoEntryIsLeftOut(t *testing.T) {
	b := newBook(t)
	b.write("F", "good")
	if err := os.WriteFile(b.path, append([]byte("\x00\x00\n2026-01-02 half\n"), must(os.ReadFile(b.path))...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.read(runtime.LogOptions{Tail: -1}); got != "good\n" {
		t.Errorf("%q", got)
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

func TestRotationKeepsTheNewestFiles(t *testing.T) {
	b := newBook(t)
	for i := range 6 {
		b.write("F", fmt.Sprint(i))
		b.turn(3)
	}
	b.write("F", "6")
	if got := logFiles(b.path); len(got) != 4 {
		t.Fatalf("files: %q", got)
	}
	b.turn(3)
	if got := b.read(runtime.LogOptions{Tail: -1}); got != "4\n5\n6\n" {
		t.Errorf("%q", got)
	}
}

func TestALogThatCannotBeReopenedStays(t *testing.T) {
	b := newBook(t)
	b.write("F", "kept")
	if err := rotate(b.path, 3, begin, func() error { return errors.New("no") }); err == nil {
		t.Fatal("nothing was told")
	}
	if got := b.read(runtime.LogOptions{Tail: -1}); got != "kept\n" || len(logFiles(b.path)) != 1 {
		t.Errorf("%q in %q", got, logFiles(b.path))
	}
}

// A follower gets every line, also when files are put aside faster than it looks, and those it has not begun are deleted.
func TestFollowGoesFromFileToFile(t *testing.T) {
	b := newBook(t)
	b.write("F", "old")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, err := b.m.Logs(ctx, b.id, runtime.LogOptions{Tail: -1, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var want strings.Builder
	want.WriteString("old\n")
	for i := range 20 {
		b.write("F", fmt.Sprint(i))
		fmt.Fprintf(&want, "%d\n", i)
		b.turn(100)
	}
	b.write("F", "last")
	want.WriteString("last\n")
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(reader, got); err != nil || string(got) != want.String() {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestAnAttemptThatNeverWasHasNoLog(t *testing.T) {
	b := newBook(t)
	_, err := b.m.Logs(t.Context(), runtime.ContainerID{Pod: "uid", Name: "main", Attempt: 4}, runtime.LogOptions{Tail: -1})
	if !errors.Is(err, runtime.ErrNotFound) {
		t.Fatal(err)
	}
}
