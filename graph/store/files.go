package store

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Files is the file system that a store stands on, for what lies beside it: snapshots and streams of them. Safe for
// concurrent use. Paths are joined with Join.
type Files struct{ fs vfs.FS }

// File is an open file being written.
type File interface {
	io.Writer
	// Sync makes what was written durable.
	Sync() error
	io.Closer
}

// Files returns the file system of the options.
func (o Options) Files() Files { return Files{fs: o.fileSystem()} }

// Join joins the parts of a path.
func (f Files) Join(parts ...string) string { return f.fs.PathJoin(parts...) }

// Base returns the last part of a path.
func (f Files) Base(path string) string { return f.fs.PathBase(path) }

// MakeDir makes a directory with its parents, and makes its name durable in the nearest one; a directory that is there
// already is no error.
func (f Files) MakeDir(path string) error {
	if err := f.fs.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return f.SyncDir(f.fs.PathDir(path))
}

// Exists tells whether something stands at path.
func (f Files) Exists(path string) bool {
	_, err := f.fs.Stat(path)
	return err == nil
}

// List returns the names in a directory, sorted.
func (f Files) List(dir string) ([]string, error) {
	names, err := f.fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	slices.Sort(names)
	return names, nil
}

// Size returns the size of a file in bytes.
func (f Files) Size(path string) (int64, error) {
	info, err := f.fs.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// IsDir tells whether path is a directory.
func (f Files) IsDir(path string) bool {
	info, err := f.fs.Stat(path)
	return err == nil && info.IsDir()
}

// Open opens a file for reading.
func (f Files) Open(path string) (io.ReadCloser, error) { return f.fs.Open(path) }

// Create makes an empty file, in place of one of that name.
func (f Files) Create(path string) (File, error) {
	file, err := f.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	return copyingFile{file}, nil
}

// Rename moves a file or directory; on the same file system it is atomic.
func (f Files) Rename(from, to string) error { return f.fs.Rename(from, to) }

// Remove removes a file or directory with all it holds; one that is not there is no error.
func (f Files) Remove(path string) error { return f.fs.RemoveAll(path) }

// SyncDir makes the names in a directory durable.
func (f Files) SyncDir(path string) error {
	dir, err := f.fs.OpenDir(path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// copyingFile keeps io.Writer's promise: a vfs file may change what it is given.
type copyingFile struct{ vfs.File }

// Write implements io.Writer.
func (f copyingFile) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return f.File.Write(slices.Clone(p))
}
