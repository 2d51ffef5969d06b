package device

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

func newDevice(t testing.TB, options Options) *Device {
	t.Helper()
	if options.Directory == "" {
		options.Directory = t.TempDir()
	}
	d, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// ask wants a good answer and gives it.
func ask(t testing.TB, d *Device, request string) protocol.Answer {
	t.Helper()
	body := d.Answer(request)
	answer, err := protocol.ParseAnswer(body)
	if err != nil || !answer.OK {
		t.Fatalf("%s: %s: %v", request, body, err)
	}
	return answer
}

// refusedWith wants an error of a code.
func refusedWith(t testing.TB, d *Device, request, code string) string {
	t.Helper()
	answer, err := protocol.ParseAnswer(d.Answer(request))
	if err != nil || answer.OK || answer.Fields["code"] != code {
		t.Fatalf("%s: %+v, wanted %s, %v", request, answer, code, err)
	}
	text, err := answer.Bytes("text")
	if err != nil || len(text) == 0 {
		t.Fatalf("%s: %q, %v", request, text, err)
	}
	return string(text)
}

// run makes pod u and starts attempt 0 of main.
func run(t testing.TB, d *Device, script string) {
	t.Helper()
	ask(t, d, "pod u default web")
	ask(t, d, "attempt u main 0 main")
	document := protocol.Document{Args: []string{"sh", "-c", script}}.Bytes()
	ask(t, d, fmt.Sprintf("document u main 0 a1 %d 0 %s", len(document), protocol.Encode(document)))
	ask(t, d, "start u main 0 a1")
}

func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func logOf(t testing.TB, d *Device) (text, state string) {
	t.Helper()
	answer := ask(t, d, "log u main 0 0 65536")
	content, err := answer.Bytes("data")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		text += line[strings.IndexAny(line, " +")+1:]
	}
	return text, answer.Fields["state"]
}

// Every request of a pod's life is made twice, and does what it does once.
func TestRequestsMayComeTwice(t *testing.T) {
	d := newDevice(t, Options{Line: protocol.MaxLine})
	twice := func(request string) protocol.Answer {
		t.Helper()
		ask(t, d, request)
		return ask(t, d, request)
	}
	twice("hello 1")
	twice("pod u default web")
	twice("scratch u data")
	name := protocol.Encode("a/b")
	twice("file u config f0 " + name + " 384 7 0 " + protocol.Encode("one"))
	if next := twice("file u config f0 " + name + " 384 7 3 " + protocol.Encode("two\n")).Fields["next"]; next != "7" {
		t.Fatalf("next is %s", next)
	}
	if current := twice("volume u config f0 1").Fields["current"]; current != "1" {
		t.Fatalf("current is %s", current)
	}
	twice("attempt u main 0 main")
	document := protocol.Document{
		Args:   []string{"sh", "-c", "trap 'echo asked' TERM; echo started; cat config/a/b; while [ ! -e data/end ]; do sleep 0.05; done; exit 3"},
		Mounts: []protocol.Mount{{Path: "config", Source: "config"}, {Path: "data", Source: "data"}},
	}.Bytes()
	half := len(document) / 2
	twice(fmt.Sprintf("document u main 0 d0 %d 0 %s", len(document), protocol.Encode(document[:half])))
	twice(fmt.Sprintf("document u main 0 d0 %d %d %s", len(document), half, protocol.Encode(document[half:])))
	twice("start u main 0 d0")
	until(t, "it traps", func() bool { text, _ := logOf(t, d); return strings.HasPrefix(text, "started\nonetwo\n") })
	until(t, "it was asked to end", func() bool {
		twice("stop u main 0 3600")
		text, _ := logOf(t, d)
		return strings.Contains(text, "asked\n")
	})
	if err := os.WriteFile(filepath.Join(d.options.Directory, "pods/u/volumes/data/end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "it has ended", func() bool { _, state := logOf(t, d); return state == ended })
	twice("start u main 0 d0")
	text, _ := logOf(t, d)
	if strings.Count(text, "started\n") != 1 || strings.Count(text, "asked\n") != 1 {
		t.Fatalf("log: %q", text)
	}
	items := ask(t, d, "status 0 0 4096").Items
	if len(items) != 2 || items[1][6] != ended || items[1][9] != "3" {
		t.Fatalf("%v", items)
	}
	twice("remove u")
	if items := ask(t, d, "status 0 0 4096").Items; len(items) != 0 {
		t.Fatalf("%v", items)
	}
	if left, err := os.ReadDir(filepath.Join(d.options.Directory, "pods")); err != nil || len(left) != 0 {
		t.Fatalf("%v, %v", left, err)
	}
}

func TestPiecesWithAGapAreNotTaken(t *testing.T) {
	d := newDevice(t, Options{})
	ask(t, d, "pod u default web")
	if next := ask(t, d, "file u config f0 YQ== 384 9 6 "+protocol.Encode("end")).Fields["next"]; next != "0" {
		t.Fatalf("next is %s", next)
	}
	if current := ask(t, d, "volume u config f0 1").Fields["current"]; current != "0" {
		t.Fatal("half a file was shown")
	}
	ask(t, d, "attempt u main 0 main")
	if next := ask(t, d, "document u main 0 d0 9 6 "+protocol.Encode("end")).Fields["next"]; next != "0" {
		t.Fatalf("next is %s", next)
	}
	refusedWith(t, d, "start u main 0 d0", protocol.CodeFailed)
}

func TestRefusals(t *testing.T) {
	d := newDevice(t, Options{Pods: 1, Containers: 1, Document: 256, File: 10, Files: 15})
	run(t, d, "sleep 1000")
	for request, code := range map[string]string{
		"dance":                         protocol.CodeUnknown,
		"":                              protocol.CodeUnknown,
		"stop u main 0":                 protocol.CodeSyntax,
		"hello 2":                       protocol.CodeVersion,
		"pod v default other":           protocol.CodeLimit,
		"pod ../x default web":          protocol.CodeSyntax,
		"stop w main 0 1":               protocol.CodeMissing,
		"stop u main 1 1":               protocol.CodeMissing,
		"log u main -1 0 512":           protocol.CodeSyntax,
		"message u main 0 -1 512":       protocol.CodeSyntax,
		"scratch u ../../x":             protocol.CodeSyntax,
		"attempt u main 1 other":        protocol.CodeSyntax,
		"file u c f0 YQ== 384 11 0 -":   protocol.CodeLimit,
		"document u main 0 d0 257 0 -":  protocol.CodeLimit,
		"file u c f0 YQ== 384 1 0 YWI=": protocol.CodeSyntax,
		"file u c f0 YQ== 384 1 0 Y":    protocol.CodeSyntax,
		"file u c f0 " + protocol.Encode("../a") + " 384 1 0 YQ==":   protocol.CodeSyntax,
		"file u c f0 " + protocol.Encode("/etc/a") + " 384 1 0 YQ==": protocol.CodeSyntax,
	} {
		refusedWith(t, d, request, code)
	}
	ask(t, d, "file u c f0 YQ== 384 10 0 -")
	if text := refusedWith(t, d, "file u c f0 Yg== 384 10 0 -", protocol.CodeLimit); !strings.Contains(text, "15 bytes of files for a pod (files)") {
		t.Errorf("%q", text)
	}
	ask(t, d, "attempt u other 0 main")
	document := protocol.Document{Args: []string{"true"}}.Bytes()
	ask(t, d, fmt.Sprintf("document u other 0 a1 %d 0 %s", len(document), protocol.Encode(document)))
	if text := refusedWith(t, d, "start u other 0 a1", protocol.CodeLimit); !strings.Contains(text, "1 containers at a time (containers)") {
		t.Errorf("%q", text)
	}
}

func TestStatusComesInPages(t *testing.T) {
	d := newDevice(t, Options{Pods: 100})
	for i := range 100 {
		ask(t, d, fmt.Sprintf("pod uid-%d default pod-%d", i, i))
	}
	seen, after, pages := map[string]bool{}, "0", 0
	for more := true; more; pages++ {
		body := d.Answer("status 0 " + after + " 512")
		if line := (protocol.Frame{Answer: true, Seq: 1<<32 - 1, Body: body}).Line(); len(line) > 512 {
			t.Fatalf("an answer of %d bytes", len(line))
		}
		answer, err := protocol.ParseAnswer(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range answer.Items {
			seen[item[2]], after = true, item[1]
		}
		_, more = answer.Fields["more"]
	}
	if len(seen) != 100 || pages < 5 {
		t.Fatalf("%d pods in %d pages", len(seen), pages)
	}
	generation := ask(t, d, "status 0 0 512").Fields["gen"]
	if answer := ask(t, d, "status "+generation+" 0 512"); answer.Fields["same"] != "1" || len(answer.Items) != 0 {
		t.Fatalf("nothing has changed, but %+v", answer)
	}
	ask(t, d, "remove uid-0")
	if answer := ask(t, d, "status "+generation+" 0 512"); answer.Fields["same"] != "" || len(answer.Items) == 0 {
		t.Fatalf("something has changed, but %+v", answer)
	}
}

func TestRestartEndsWhatRan(t *testing.T) {
	d := newDevice(t, Options{})
	boot := ask(t, d, "hello 1").Fields["boot"]
	run(t, d, "sleep 1000")
	// Nothing of the first one is told to stop: it is as if it had lost its power, but for its processes. It notes their end in its
	// own directory, so the second one begins in another with the same state.
	state, err := os.ReadFile(d.stateFile())
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Directory: t.TempDir()}
	if err := os.WriteFile(filepath.Join(options.Directory, filepath.Base(d.stateFile())), state, 0o600); err != nil {
		t.Fatal(err)
	}
	again := newDevice(t, options)
	if ask(t, again, "hello 1").Fields["boot"] == boot {
		t.Fatal("the boot counter stands still")
	}
	item := ask(t, again, "status 0 0 4096").Items[1]
	if item[6] != ended || item[9] != "137" || item[11] != "DeviceRestarted" {
		t.Fatalf("%v", item)
	}
	until(t, "the process is gone", func() bool { _, state := logOf(t, d); return state == ended })
}

func TestMessages(t *testing.T) {
	d := newDevice(t, Options{Line: 512})
	ask(t, d, "pod u default web")
	for i, test := range []struct {
		document protocol.Document
		want     string
	}{
		{protocol.Document{Args: []string{"sh", "-c", "seq 1000 >dev/termination-log"}, MessageFile: "dev/termination-log"}, "1\n2\n3\n"},
		{protocol.Document{Args: []string{"sh", "-c", "echo sorry; exit 1"}, MessageFile: "m", MessageFromLog: true}, "sorry\n"},
		{protocol.Document{Args: []string{"sh", "-c", "echo fine"}, MessageFile: "m", MessageFromLog: true}, ""},
		{protocol.Document{Args: []string{"no-such-program"}}, "no-such-program: "},
		{protocol.Document{Args: []string{"true"}, Directory: "/no/such/directory"}, "working directory /no/such/directory: "},
	} {
		content := test.document.Bytes()
		ask(t, d, fmt.Sprintf("attempt u main %d main", i))
		ask(t, d, fmt.Sprintf("document u main %d a1 %d 0 %s", i, len(content), protocol.Encode(content)))
		ask(t, d, fmt.Sprintf("start u main %d a1", i))
		var length string
		until(t, "it has ended", func() bool {
			items := ask(t, d, "status 0 0 512").Items
			last := items[len(items)-1]
			length = last[12]
			return last[4] == fmt.Sprint(i) && last[6] == ended
		})
		var text []byte
		for fmt.Sprint(len(text)) != length {
			answer := ask(t, d, fmt.Sprintf("message u main %d %d 512", i, len(text)))
			piece, err := answer.Bytes("data")
			if err != nil || len(piece) == 0 {
				t.Fatalf("%q, %v", piece, err)
			}
			text = append(text, piece...)
		}
		if !strings.HasPrefix(string(text), test.want) || test.want == "" && len(text) > 0 {
			t.Errorf("%d: %.60q", i, text)
		}
	}
}

// Whatever comes, the device answers something that fits into a line.
func FuzzAnswer(f *testing.F) {
	for verb, request := range requests {
		f.Add(verb + strings.Repeat(" 0", request.words))
	}
	f.Add("file u c f0 YQ== 384 1 0 YQ==")
	f.Add("log u main 0 9223372036854775807 512")
	d := newDevice(f, Options{})
	run(f, d, "echo hello")
	f.Fuzz(func(t *testing.T, request string) {
		if strings.HasPrefix(request, "start ") {
			// What is started is not bounded by the test.
			return
		}
		body := d.Answer(request)
		line := protocol.Frame{Answer: true, Body: body}.Line()
		if _, err := protocol.ParseAnswer(body); err != nil || len(line) > d.options.Line {
			t.Fatalf("%q: %q, %v", request, body, err)
		}
		if _, ok := protocol.Parse([]byte(strings.TrimSuffix(line, "\n"))); !ok {
			t.Fatalf("%q: %q is no frame", request, line)
		}
	})
}
