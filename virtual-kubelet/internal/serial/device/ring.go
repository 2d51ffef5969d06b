package device

import (
	"bytes"
	"strconv"
	"sync"
	"time"
)

// longestRecord is the longest piece of a line that is kept as one; longer lines are kept in pieces.
const longestRecord = 512

// ring is the log of an attempt: records of "SECOND TEXT\n", or "SECOND+TEXT\n" where the line goes on in the next record.
// Offsets count all bytes that ever were in it; the oldest records go when it is full.
type ring struct {
	mutex   sync.Mutex
	max     int
	first   int64
	content []byte
	// line is what came in of a line that has not ended.
	line []byte
	now  func() time.Time
}

// Write takes output of a process. It always takes all of it: a flood must not hold the process.
func (r *ring) Write(output []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for rest := output; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		piece := rest
		if end >= 0 {
			piece = rest[:end]
		}
		if room := longestRecord - len(r.line); len(piece) > room {
			r.line = append(r.line, piece[:room]...)
			r.record('+')
			rest = rest[room:]
			continue
		}
		r.line = append(r.line, piece...)
		if end < 0 {
			break
		}
		r.record(' ')
		rest = rest[end+1:]
	}
	return len(output), nil
}

// finish keeps the last line of a process that did not end it.
func (r *ring) finish() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.line) > 0 {
		r.record(' ')
	}
}

func (r *ring) record(separator byte) {
	r.content = strconv.AppendInt(r.content, r.now().Unix(), 10)
	r.content = append(append(append(r.content, separator), r.line...), '\n')
	r.line = r.line[:0]
	cut := 0
	for len(r.content)-cut > r.max {
		cut += bytes.IndexByte(r.content[cut:], '\n') + 1
	}
	r.first += int64(cut)
	r.content = r.content[cut:]
}

// read returns up to max bytes from an offset, or from the first one that is kept, and where that is; end is behind the last one.
func (r *ring) read(offset int64, max int) (from, end int64, content []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	end = r.first + int64(len(r.content))
	from = min(offset, end)
	if from < r.first {
		from = r.first
	}
	content = r.content[from-r.first:]
	return from, end, bytes.Clone(content[:min(len(content), max)])
}

// seek returns where the last lines begin (tail; all if negative) and nothing is older than since.
func (r *ring) seek(tail int, since int64) int64 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	at := 0
	for at < len(r.content) && second(r.content[at:]) < since {
		at += bytes.IndexByte(r.content[at:], '\n') + 1
	}
	// From the end on, records are counted that end a line.
	start, n := len(r.content), 0
	if start > at && !ends(r.content[bytes.LastIndexByte(r.content[:start-1], '\n')+1:]) {
		// A line that has not ended is one too.
		n = 1
	}
	for start > at {
		before := bytes.LastIndexByte(r.content[:start-1], '\n') + 1
		if ends(r.content[before:start]) {
			n++
		}
		if tail >= 0 && n > tail {
			break
		}
		start = before
	}
	return r.first + int64(max(start, at))
}

func second(record []byte) int64 {
	digits := bytes.IndexAny(record, " +")
	value, _ := strconv.ParseInt(string(record[:max(digits, 0)]), 10, 64)
	return value
}

func ends(record []byte) bool { return record[bytes.IndexAny(record, " +")] == ' ' }

// last returns the text of the last lines, without their times.
func (r *ring) last(lines, limit int) string {
	from := r.seek(lines, 0)
	_, _, content := r.read(from, r.max)
	var text []byte
	for record := range bytes.Lines(content) {
		rest := record[bytes.IndexAny(record, " +")+1:]
		if !ends(record) {
			rest = bytes.TrimSuffix(rest, []byte("\n"))
		}
		text = append(text, rest...)
	}
	return string(text[max(0, len(text)-limit):])
}
