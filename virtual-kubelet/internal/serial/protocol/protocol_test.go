package protocol

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// The lines stand in docs/virtual-nodes/serial-protocol.md too: a device maker checks a program against them.
var golden = []struct {
	frame Frame
	line  string
}{
	{Frame{Seq: 1, Body: "hello 1"}, ">1 7 hello 1*D9D19D2D\n"},
	{Frame{Seq: 7, Body: "stop 8d1c web 0 30"}, ">7 18 stop 8d1c web 0 30*3176F337\n"},
	{Frame{Answer: true, Seq: 7, Body: "ok state=ended"}, "<7 14 ok state=ended*3137BC37\n"},
	{Frame{Answer: true, Seq: 4294967295, Body: "err code=missing text=bm8gcG9k"}, "<4294967295 30 err code=missing text=bm8gcG9k*2227C523\n"},
}

func TestGoldenFrames(t *testing.T) {
	for _, g := range golden {
		if got := g.frame.Line(); got != g.line {
			t.Errorf("%+v is %q, wanted %q", g.frame, got, g.line)
		}
		if got, ok := Parse([]byte(strings.TrimSuffix(g.line, "\n"))); !ok || got != g.frame {
			t.Errorf("%q was read as %+v, %v", g.line, got, ok)
		}
	}
}

func TestParseRefusesWhatLineNeverWrites(t *testing.T) {
	resum := func(text string) string { return text + "*" + sum(text) }
	for name, line := range map[string]string{
		"empty":              "",
		"no checksum":        ">1 7 hello 1",
		"wrong checksum":     ">1 7 hello 1*00000000",
		"small letters":      strings.ToLower(strings.TrimSuffix(golden[2].line, "\n")),
		"leading zero":       resum(">01 7 hello 1"),
		"sign":               resum(">+1 7 hello 1"),
		"too large a number": resum(">4294967296 7 hello 1"),
		"length too small":   resum(">1 6 hello 1"),
		"length too large":   resum(">1 8 hello 1"),
		"no mark":            resum("1 7 hello 1"),
		"other mark":         resum("!1 7 hello 1"),
		"mark inside":        resum(">1 7 hello>1"),
		"control character":  resum(">1 7 hello\t1"),
		"high bit":           resum(">1 7 hello\xa01"),
		"no body":            resum(">1 0"),
	} {
		if frame, ok := Parse([]byte(line)); ok {
			t.Errorf("%s: %q was read as %+v", name, line, frame)
		}
	}
}

func sum(text string) string {
	// The checksum by its definition, bit by bit, and not by the library that the code uses.
	crc := uint32(0xFFFFFFFF)
	for _, c := range []byte(text) {
		crc ^= uint32(c)
		for range 8 {
			crc = crc>>1 ^ 0xEDB88320*(crc&1)
		}
	}
	const digits = "0123456789ABCDEF"
	crc = ^crc
	out := make([]byte, 8)
	for i := range out {
		out[i] = digits[crc>>(28-4*i)&15]
	}
	return string(out)
}

func TestReaderFindsFramesInNoise(t *testing.T) {
	a, b := golden[0], golden[2]
	for name, test := range map[string]struct {
		line string
		want []Frame
	}{
		"clean":                {a.line + b.line, []Frame{a.frame, b.frame}},
		"carriage returns":     {strings.ReplaceAll(a.line+b.line, "\n", "\r\n"), []Frame{a.frame, b.frame}},
		"garbage in between":   {a.line + "\x00\xff garbage" + b.line, []Frame{a.frame, b.frame}},
		"garbage lines":        {"\n\nlogin: \n" + a.line, []Frame{a.frame}},
		"cut off at the front": {a.line[5:] + b.line, []Frame{b.frame}},
		"cut off at the end":   {a.line[:6] + b.line, []Frame{b.frame}},
		"line feed lost":       {strings.TrimSuffix(a.line, "\n") + b.line, []Frame{b.frame}},
		"one bit":              {strings.Replace(a.line, "h", "i", 1) + b.line, []Frame{b.frame}},
		"byte lost":            {strings.Replace(a.line, "l", "", 1) + b.line, []Frame{b.frame}},
		"byte doubled":         {strings.Replace(a.line, "h", "hh", 1) + b.line, []Frame{b.frame}},
		"line without an end":  {">" + strings.Repeat("x", 10000) + b.line, []Frame{b.frame}},
	} {
		reader := NewReader(iotest.OneByteReader(strings.NewReader(test.line)), MinLine)
		var got []Frame
		for {
			frame, err := reader.Next()
			if err == io.EOF {
				break
			}
			got = append(got, frame)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, wanted %+v", name, got, test.want)
		}
	}
}

func TestReaderBoundsLines(t *testing.T) {
	fits := Frame{Seq: 1, Body: strings.Repeat("x", 100)}
	for _, room := range []int{0, 1} {
		_, err := NewReader(strings.NewReader(fits.Line()), len(fits.Line())-room).Next()
		if (err == nil) != (room == 0) {
			t.Errorf("a frame that is %d too long: %v", room, err)
		}
	}
}

func TestReaderGoesOnAfterAnError(t *testing.T) {
	reader := NewReader(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(golden[0].line))), MinLine)
	_, err := reader.Next()
	if !errors.Is(err, iotest.ErrTimeout) {
		t.Fatalf("wanted a time-out, got %v", err)
	}
	if frame, err := reader.Next(); err != nil || frame != golden[0].frame {
		t.Fatalf("%+v, %v", frame, err)
	}
}

// No single flipped bit, lost byte or doubled byte is ever taken for a frame.
func TestEverySmallDamageIsSeen(t *testing.T) {
	line := []byte(strings.TrimSuffix(golden[1].line, "\n"))
	for i := range line {
		for bit := range 8 {
			damaged := bytes.Clone(line)
			damaged[i] ^= 1 << bit
			if _, ok := Parse(damaged); ok {
				t.Errorf("bit %d of byte %d", bit, i)
			}
		}
		if _, ok := Parse(append(bytes.Clone(line[:i]), line[i+1:]...)); ok {
			t.Errorf("byte %d lost", i)
		}
		if _, ok := Parse(append(bytes.Clone(line[:i+1]), line[i:]...)); ok {
			t.Errorf("byte %d doubled", i)
		}
	}
}

func TestWordsCarryAnyBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 200 {
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		word := Encode(content)
		if got, err := Decode(word); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%q came back as %q, %v", content, got, err)
		}
		if strings.ContainsAny(word, " :<>*") || !plain([]byte(word)) {
			t.Fatalf("%q is no word", word)
		}
		if len(Encode(content[:min(size, Room(size))])) > max(size, 1) {
			t.Fatalf("Room(%d) is too large", size)
		}
	}
	if _, err := Decode("a"); err == nil {
		t.Error("half a letter was decoded")
	}
}

func TestAnswers(t *testing.T) {
	answer, err := ParseAnswer("ok gen=12 data=aGk= end=0 p:1:uid a:2:1:web")
	if err != nil || !answer.OK || !reflect.DeepEqual(answer.Items, [][]string{{"p", "1", "uid"}, {"a", "2", "1", "web"}}) {
		t.Fatalf("%+v, %v", answer, err)
	}
	if n, err := answer.Number("gen"); n != 12 || err != nil {
		t.Errorf("gen: %d, %v", n, err)
	}
	if data, err := answer.Bytes("data"); string(data) != "hi" || err != nil {
		t.Errorf("data: %q, %v", data, err)
	}
	if _, err := answer.Number("data"); err == nil {
		t.Error("data is no number")
	}
	if _, err := ParseAnswer("yes"); err == nil {
		t.Error("an answer is ok or err")
	}
}

func TestDocument(t *testing.T) {
	want := Document{
		Args: []string{"sh", "-c", "echo \"$A\"\n\xff", ""}, Env: []string{"A=b c", "B="}, Directory: "/tmp",
		Mounts: []Mount{{"etc/app", "config"}, {"x", "v/y"}}, MessageFile: "dev/termination-log", MessageFromLog: true,
	}
	got, err := ParseDocument(want.Bytes())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "ash", "\x00", "zq\x00", "mx\x00", "ash\x00mx\x00", "ash\x00vx\x00", "eA=b\x00", "ash\x00mx\x00aq\x00"} {
		if d, err := ParseDocument([]byte(bad)); err == nil {
			t.Errorf("%q was read as %+v", bad, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range golden {
		f.Add([]byte(g.line))
	}
	f.Add([]byte(">1 7 hello 1*D9D19D2D"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if frame, ok := Parse(line); ok && frame.Line() != string(line)+"\n" {
			t.Fatalf("%q was read as %+v, which is %q", line, frame, frame.Line())
		}
		// Whatever comes before a frame, the frame is found.
		reader := NewReader(io.MultiReader(bytes.NewReader(line), strings.NewReader(golden[1].line)), MinLine)
		for {
			frame, err := reader.Next()
			if err != nil {
				t.Fatalf("the frame after %q was lost", line)
			}
			if frame == golden[1].frame {
				return
			}
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add(Document{Args: []string{"sh"}, Env: []string{"A=b"}, Mounts: []Mount{{"a", "b"}}}.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := ParseDocument(content)
		if err != nil {
			return
		}
		again, err := ParseDocument(d.Bytes())
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Fatalf("%q: %+v became %+v, %v", content, d, again, err)
		}
	})
}
