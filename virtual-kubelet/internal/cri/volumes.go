package cri

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// current is the link in a volume that leads to the files it has now, under the name that kubelets use: programs watch it.
const current = "..data"

// fsGroup is the group that a pod's volumes belong to, nil: root's.
func fsGroup(pod *corev1.Pod) *int64 {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	return pod.Spec.SecurityContext.FSGroup
}

// writeScratch makes an emptyDir; what is in one that is there stays.
func writeScratch(directory string, group *int64) error {
	if _, err := os.Stat(directory); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// It is shown when it is as it has to be.
	next := directory + ".new"
	if err := os.MkdirAll(next, 0o700); err != nil {
		return err
	}
	mode := fs.FileMode(0o777)
	if group != nil {
		mode |= fs.ModeSetgid
	}
	// Before it is a foreign group's: the bit would be dropped without CAP_FSETID.
	if err := os.Chmod(next, mode); err != nil {
		return err
	}
	if group != nil {
		if err := os.Chown(next, -1, int(*group)); err != nil {
			return err
		}
	}
	return os.Rename(next, directory)
}

// writeFiles gives a volume other files at once: a new directory beside the old one, to which one link is turned.
func writeFiles(directory string, files map[string]runtime.File, group *int64) error {
	if err := makeOpen(directory); err != nil {
		return err
	}
	name := ".." + hashOf(files, group)
	if was, err := os.Readlink(filepath.Join(directory, current)); err == nil && was == name {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(directory, name)); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if !filepath.IsLocal(path) || strings.HasPrefix(path, "..") {
			return fmt.Errorf("%q is no path in it", path)
		}
		if err := writeFile(filepath.Join(directory, name), path, files[path], group); err != nil {
			return err
		}
	}
	if err := makeOpen(filepath.Join(directory, name)); err != nil {
		return err
	}
	if err := link(name, filepath.Join(directory, current)); err != nil {
		return err
	}
	return showOnly(directory, name, files)
}

func writeFile(root, path string, file runtime.File, group *int64) error {
	for at := range parents(path) {
		if err := makeOpen(filepath.Join(root, at)); err != nil {
			return err
		}
	}
	target, mode := filepath.Join(root, path), fs.FileMode(file.Mode)&fs.ModePerm
	if err := os.WriteFile(target, file.Content, 0o600); err != nil {
		return err
	}
	if group != nil {
		mode |= 0o440
		if err := os.Chown(target, -1, int(*group)); err != nil {
			return err
		}
	}
	// Whatever the agent's umask is.
	return os.Chmod(target, mode)
}

// parents yields the directories that a path leads through, from the outermost on.
func parents(path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		parts := strings.Split(filepath.Clean(path), "/")
		for i := range parts {
			if !yield(filepath.Join(parts[:i]...)) {
				return
			}
		}
	}
}

func makeOpen(directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	return os.Chmod(directory, 0o755)
}

// link replaces a link in one step.
func link(target, path string) error {
	next := path + "_tmp"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// showOnly makes the links that a pod sees, and removes those and the directories of before.
func showOnly(directory, name string, files map[string]runtime.File) error {
	wanted := map[string]bool{current: true, name: true}
	for path := range files {
		top := strings.SplitN(filepath.Clean(path), "/", 2)[0]
		if !wanted[top] {
			wanted[top] = true
			if err := link(filepath.Join(current, top), filepath.Join(directory, top)); err != nil {
				return err
			}
		}
	}
	entries, err := os.ReadDir(directory)
	for _, entry := range entries {
		if !wanted[entry.Name()] {
			err = errors.Join(err, os.RemoveAll(filepath.Join(directory, entry.Name())))
		}
	}
	return err
}

func hashOf(files map[string]runtime.File, group *int64) string {
	sum := sha256.New()
	if group != nil {
		fmt.Fprintf(sum, "group %d\n", *group)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %o %d\n", path, files[path].Mode, len(files[path].Content))
		sum.Write(files[path].Content)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
