package device

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"pulumi-kubeadm/virtual-kubelet/internal/serial/protocol"
)

// staged is a volume that is being sent.
type staged struct {
	version string
	// files by path: how much there is of each, and how much there will be.
	files map[string]*stagedFile
	bytes int
}

type stagedFile struct{ have, size int }

// scratch UID VOLUME: an empty directory that the pod's containers share.
func (d *Device) scratch(a *arguments) (string, error) {
	p, err := d.wantedPod(a)
	name := a.text(names)
	if err := cmp.Or(a.err, err); err != nil {
		return "", err
	}
	return "", os.MkdirAll(filepath.Join(d.place(p), "volumes", name), 0o700)
}

// file UID VOLUME VERSION PATH MODE SIZE OFFSET DATA: a piece of a file of that version. next is how much of it there is now.
func (d *Device) file(a *arguments) (string, error) {
	p, err := d.wantedPod(a)
	name, version, path := a.text(names), a.text(versions), string(a.bytes())
	mode, size, offset, content := a.number(), a.number(), a.number(), a.bytes()
	switch {
	case cmp.Or(a.err, err) != nil:
		return "", cmp.Or(a.err, err)
	case !filepath.IsLocal(path) || path == "." || offset > size-len(content):
		return "", refuse(protocol.CodeSyntax, "%q: no file of %d bytes can be made of that", path, size)
	}
	s := p.staged[name]
	if s == nil || s.version != version {
		if err := os.RemoveAll(d.stage(p, name)); err != nil {
			return "", err
		}
		s = &staged{version: version, files: map[string]*stagedFile{}}
		p.staged[name] = s
	}
	f := s.files[path]
	if f == nil {
		if err := d.admit(p, name, s, size); err != nil {
			return "", err
		}
		f = &stagedFile{size: size}
		s.files[path], s.bytes = f, s.bytes+size
	}
	if offset <= f.have {
		if err := f.add(filepath.Join(d.stage(p, name), path), content[min(len(content), f.have-offset):], mode); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("next=%d", f.have), nil
}

func (d *Device) stage(p *pod, volume string) string {
	return filepath.Join(d.place(p), "staged", volume)
}

// admit refuses a file for which there is no room. The version that a volume has now does not count: it goes.
func (d *Device) admit(p *pod, name string, s *staged, size int) error {
	if size > d.options.File {
		return refuse(protocol.CodeLimit, "the device takes files of %d bytes (file), not %d", d.options.File, size)
	}
	sum := s.bytes + size
	for other, volume := range p.Volumes {
		if other != name {
			sum += volume.Bytes
		}
	}
	if sum > d.options.Files {
		return refuse(protocol.CodeLimit, "the device takes %d bytes of files for a pod (files), not %d", d.options.Files, sum)
	}
	return nil
}

func (f *stagedFile) add(path string, content []byte, mode int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(content, int64(f.have))
	if err = cmp.Or(err, file.Close()); err != nil {
		return err
	}
	f.have += len(content)
	if f.have < f.size {
		return nil
	}
	return os.Chmod(path, os.FileMode(mode)&0o700|0o400)
}

// volume UID VOLUME VERSION FILES: that version is the volume's content from now on, if all its files are there.
func (d *Device) volume(a *arguments) (string, error) {
	p, err := d.wantedPod(a)
	name, version, files := a.text(names), a.text(versions), a.number()
	if err := cmp.Or(a.err, err); err != nil {
		return "", err
	}
	if now := p.Volumes[name]; now != nil && now.Version == version {
		return "current=1", nil
	}
	s := p.staged[name]
	if files == 0 {
		s = &staged{version: version}
	}
	if s == nil || s.version != version || !s.complete(files) {
		return "current=0", nil
	}
	if err := d.show(p, name, s); err != nil {
		return "", err
	}
	return "current=1", d.save()
}

func (s *staged) complete(files int) bool {
	for _, f := range s.files {
		if f.have < f.size {
			return false
		}
	}
	return len(s.files) == files
}

// show changes all files of a volume at once: a link is turned from one directory to another.
func (d *Device) show(p *pod, name string, s *staged) error {
	if err := os.MkdirAll(d.stage(p, name), 0o700); err != nil {
		return err
	}
	volumes := filepath.Join(d.place(p), "volumes")
	fresh := "." + name + "." + s.version
	link := filepath.Join(volumes, ".new."+name)
	for _, step := range []func() error{
		func() error { return os.RemoveAll(filepath.Join(volumes, fresh)) },
		func() error { return os.Rename(d.stage(p, name), filepath.Join(volumes, fresh)) },
		func() error { return os.RemoveAll(link) },
		func() error { return os.Symlink(fresh, link) },
		func() error { return os.Rename(link, filepath.Join(volumes, name)) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	old := p.Volumes[name]
	p.Volumes[name] = &volume{Version: s.version, Bytes: s.bytes}
	delete(p.staged, name)
	if old == nil {
		return nil
	}
	return os.RemoveAll(filepath.Join(volumes, "."+name+"."+old.Version))
}
