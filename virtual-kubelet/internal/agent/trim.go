package agent

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// trimFirst is when starting is over, and trimInterval how often is trimmed after that.
const trimFirst, trimInterval = 20 * time.Second, 10 * time.Minute

// trim gives the program's own pages back that were only needed for starting: the clients of all of Kubernetes' APIs register
// themselves, of which an agent uses few. They are pages of the file, so what is needed again is read from it again.
func trim(ctx context.Context) {
	timer := time.NewTimer(trimFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			trimOnce()
			timer.Reset(trimInterval)
		}
	}
}

func trimOnce() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		// Only what cannot be written is the file's as it is.
		if len(fields) < 6 || fields[5] != program || strings.Contains(fields[1], "w") {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		begin, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 != nil || err2 != nil {
			continue
		}
		// Best effort: a kernel that will not do it leaves the pages where they are.
		_ = unix.Madvise(pages(begin, end), unix.MADV_DONTNEED)
	}
}

// pages is a mapping of this process as bytes. It lies outside Go's heap, so nothing moves it.
func pages(begin, end uint64) []byte {
	start := uintptr(begin)
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&start))), int(end-begin))
}
