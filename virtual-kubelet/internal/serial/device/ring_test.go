package device

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func newRing(max int) *ring {
	second := int64(1_000_000_000)
	return &ring{max: max, now: func() time.Time { second++; return time.Unix(second, 0) }}
}

func write(t *testing.T, r *ring, text string) {
	t.Helper()
	if n, err := r.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
}

func all(r *ring) string {
	_, _, content := r.read(0, r.max)
	return string(content)
}

func TestRingKeepsLinesWithTheirSecond(t *testing.T) {
	r := newRing(1024)
	write(t, r, "one\ntw")
	if got := all(r); got != "1000000001 one\n" {
		t.Fatalf("%q", got)
	}
	write(t, r, "o\n\nend")
	r.finish()
	r.finish()
	if got := all(r); got != "1000000001 one\n1000000002 two\n1000000003 \n1000000004 end\n" {
		t.Fatalf("%q", got)
	}
}

func TestRingDropsWholeRecordsFromTheFront(t *testing.T) {
	r := newRing(1024)
	for i := range 1000 {
		write(t, r, fmt.Sprintf("line %d\n", i))
	}
	from, end, content := r.read(0, 1024)
	if from == 0 || end-from != int64(len(content)) || len(content) > 1024 || !strings.HasSuffix(string(content), " line 999\n") {
		t.Fatalf("%d to %d: %q", from, end, content)
	}
	for i, record := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		if second(append([]byte(record), '\n')) == 0 || !strings.Contains(record, " line ") {
			t.Fatalf("record %d is %q", i, record)
		}
	}
	// Pieces put together are the whole, wherever they are cut.
	var pieces []byte
	for offset := from; offset < end; {
		at, _, piece := r.read(offset, 7)
		if at != offset {
			t.Fatalf("asked for %d, got %d", offset, at)
		}
		pieces = append(pieces, piece...)
		offset += int64(len(piece))
	}
	if string(pieces) != string(content) {
		t.Fatalf("%q, not %q", pieces, content)
	}
	if at, _, piece := r.read(end+100, 10); at != end || len(piece) != 0 {
		t.Fatalf("behind the end: %d, %q", at, piece)
	}
}

func TestRingSplitsLongLines(t *testing.T) {
	r := newRing(1 << 20)
	long := strings.Repeat("0123456789", 300)
	write(t, r, "before\n"+long+"\nafter\n")
	if got := r.last(2, 1<<20); got != long+"\nafter\n" {
		t.Fatalf("%d bytes: %.60q", len(got), got)
	}
	if got := r.last(1, 1<<20); got != "after\n" {
		t.Fatalf("%q", got)
	}
	if got := r.last(100, 3); got != "er\n" {
		t.Fatalf("%q", got)
	}
}

func TestRingSeeks(t *testing.T) {
	r := newRing(1 << 20)
	for i := range 5 {
		write(t, r, fmt.Sprintf("%d\n", i+1))
	}
	long := strings.Repeat("x", longestRecord+1)
	for _, test := range []struct {
		tail  int
		since int64
		want  string
	}{
		{-1, 0, "1\n2\n3\n4\n5\n"},
		{0, 0, ""},
		{2, 0, "4\n5\n"},
		{99, 0, "1\n2\n3\n4\n5\n"},
		{-1, 1_000_000_004, "4\n5\n"},
		{1, 1_000_000_004, "5\n"},
		{99, 1_000_000_004, "4\n5\n"},
		{-1, 2_000_000_000, ""},
	} {
		_, _, content := r.read(r.seek(test.tail, test.since), r.max)
		var got strings.Builder
		for line := range strings.Lines(string(content)) {
			got.WriteString(line[strings.Index(line, " ")+1:])
		}
		if got.String() != test.want {
			t.Errorf("tail %d since %d: %q, wanted %q", test.tail, test.since, got.String(), test.want)
		}
	}
	// A line in several records is one line, also while it has not ended.
	write(t, r, long)
	if got := r.last(1, 1<<20); got != long[:longestRecord] {
		t.Errorf("a line that has not ended: %.20q", got)
	}
	write(t, r, "\n")
	if got := r.last(1, 1<<20); got != long+"\n" {
		t.Errorf("a long line: %.20q", got)
	}
}
