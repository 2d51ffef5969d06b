package cri

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// rotatedFormat is the end of the name of a file that was put aside; in order of time.
const rotatedFormat = "20060102-150405.000000000"

// logFiles are the files of one log, oldest first; the last is the one that is written to.
func logFiles(path string) []string {
	// The pattern is ours and well-formed.
	files, _ := filepath.Glob(path + ".*")
	slices.Sort(files)
	if _, err := os.Stat(path); err == nil {
		files = append(files, path)
	}
	return files
}

// openLog opens all files of a log, oldest first. Between the listing and the opening a file may be put aside, so the last one is opened
// first.
func openLog(path string) ([]*os.File, error) {
	last, err := os.Open(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var files []*os.File
	for _, name := range logFiles(path) {
		if name == path {
			continue
		}
		file, err := os.Open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			closeAll(files)
			return nil, err
		case last != nil && sameFile(last, file):
			// It was put aside meanwhile, and is the last one still.
			file.Close()
		default:
			files = append(files, file)
		}
	}
	if last != nil {
		files = append(files, last)
	}
	return files, nil
}

// successor opens the file that comes after one, nil when there is none yet. After a file that was deleted comes the oldest there is,
// and so it does after none.
func successor(path string, file *os.File) (*os.File, error) {
	for {
		names := logFiles(path)
		next := place(names, file) + 1
		if next >= len(names) {
			return nil, nil
		}
		opened, err := os.Open(names[next])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// The name may have become another file's in between.
		if names = logFiles(path); place(names, opened) == place(names, file)+1 {
			return opened, nil
		}
		opened.Close()
	}
}

// place is where a file stands among these names, -1 when it does not.
func place(names []string, file *os.File) int {
	if file == nil {
		return -1
	}
	mine, err := file.Stat()
	if err != nil {
		return -1
	}
	return slices.IndexFunc(names, func(name string) bool {
		other, err := os.Stat(name)
		return err == nil && os.SameFile(mine, other)
	})
}

func sameFile(a, b *os.File) bool {
	first, err := a.Stat()
	if err != nil {
		return false
	}
	second, err := b.Stat()
	return err == nil && os.SameFile(first, second)
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}
