package cri

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// The disk of images, in percent: from highUse on unused images are removed until it is below lowUse. A kubelet's defaults.
const (
	highUse         = 85
	lowUse          = 80
	collectInterval = 5 * time.Minute
)

// imageBook keeps which images were pulled for this node, and when each was last used: no other image is ever removed.
type imageBook struct {
	file string
	mu   sync.Mutex
	// uses by an image's id; nil before the file was read.
	uses map[string]time.Time
}

// load reads the book once. Call with the lock held.
func (b *imageBook) load() error {
	if b.uses != nil {
		return nil
	}
	uses := map[string]time.Time{}
	text, err := os.ReadFile(b.file)
	if err == nil {
		err = json.Unmarshal(text, &uses)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.uses = uses
	return nil
}

func (b *imageBook) save() error {
	text, err := json.Marshal(b.uses)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(b.file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(b.file+".new", b.file)
}

// pulled writes down an image that this node brought to the machine.
func (b *imageBook) pulled(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.load(); err != nil {
		return err
	}
	b.uses[id] = time.Now()
	return b.save()
}

// used takes note of a use; after a restart the time of the pull, or of a later one, is known.
func (b *imageBook) used(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ours := b.uses[id]; ours {
		b.uses[id] = time.Now()
	}
}

// oldest are the images of the book, the one first that was not used for the longest time.
func (b *imageBook) oldest() ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.load(); err != nil {
		return nil, err
	}
	var ids []string
	for id := range b.uses {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y string) int { return b.uses[x].Compare(b.uses[y]) })
	return ids, nil
}

func (b *imageBook) drop(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.uses, id)
	return b.save()
}

// collect removes unused images when the disk gets full.
func (m *machine) collect(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(collectInterval):
		}
		rt, err := m.runtime(ctx)
		if err != nil || m.imageDisk(ctx, rt) < highUse {
			continue
		}
		// What could not be removed is tried again next time.
		_ = m.removeImages(ctx, rt, func() bool { return m.imageDisk(ctx, rt) < lowUse })
	}
}

// removeImages removes images that were pulled for this node and that no container of anybody's uses, until it is enough.
func (m *machine) removeImages(ctx context.Context, rt *services, enough func() bool) error {
	ids, err := m.images.oldest()
	if err != nil || len(ids) == 0 {
		return err
	}
	containers, err := rt.ListContainers(ctx, &runtimeapi.ContainerFilter{})
	if err != nil {
		return failed(err)
	}
	used := map[string]bool{}
	for _, c := range containers {
		used[c.GetImageRef()], used[c.GetImage().GetImage()], used[c.GetImageId()] = true, true, true
	}
	for _, id := range ids {
		if used[id] {
			continue
		}
		if enough() {
			return nil
		}
		if err := rt.images.RemoveImage(ctx, &runtimeapi.ImageSpec{Image: id}); err != nil {
			return failed(err)
		}
		if err := m.images.drop(id); err != nil {
			return err
		}
	}
	return nil
}

// imageDisk is how full the disk of images is, in percent; 0 when nobody says.
func (m *machine) imageDisk(ctx context.Context, rt *services) uint64 {
	info, err := rt.images.ImageFsInfo(ctx)
	if err != nil || len(info.GetImageFilesystems()) == 0 {
		return 0
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(info.GetImageFilesystems()[0].GetFsId().GetMountpoint(), &disk); err != nil || disk.Blocks == 0 {
		return 0
	}
	return 100 - 100*disk.Bavail/disk.Blocks
}
