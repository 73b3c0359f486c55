package store

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Names in a data directory: the pointer to the live store, and what the stores' directories begin with.
const (
	currentName = "CURRENT"
	storePrefix = "store-"
)

// Live knows which directory of a data directory is the live store (R25): the one that the CURRENT file names. Other
// store directories are leftovers of a restore that did not finish.
type Live struct {
	fs  vfs.FS
	dir string

	mu    sync.Mutex
	given uint64 // guarded by mu: the greatest number that Next gave
}

// NewLive looks after the stores of a data directory.
func NewLive(dataDir string, o Options) *Live { return &Live{fs: o.fileSystem(), dir: dataDir} }

// Open opens the live store, or makes the first one, and removes leftovers.
func (l *Live) Open(o Options) (*Store, error) {
	name, err := l.current()
	if err != nil {
		return nil, err
	}
	if name == "" {
		if name, err = l.first(); err != nil {
			return nil, err
		}
	}
	if _, err := l.fs.Stat(l.path(name)); err != nil {
		return nil, fmt.Errorf("the live store %s that %s names is not there: %w (the data directory is torn: move it away and let the node fetch a snapshot from the cluster)", name, currentName, err)
	}
	if err := l.clean(name); err != nil {
		return nil, err
	}
	return Open(l.path(name), o)
}

// first makes the directory of the first store and points at it.
func (l *Live) first() (string, error) {
	names, err := l.stores()
	if err != nil {
		return "", err
	}
	if len(names) > 0 {
		return "", fmt.Errorf("%s holds %s but no %s: the data directory is torn; move it away and let the node fetch a snapshot from the cluster", l.dir, strings.Join(names, ", "), currentName)
	}
	name := storePrefix + "1"
	if err := l.fs.MkdirAll(l.path(name), 0o700); err != nil {
		return "", fmt.Errorf("make the first store: %w", err)
	}
	return name, l.Point(l.path(name))
}

// Next returns a directory for a store that is to replace the live one. It does not exist yet, and nobody else is given
// it. Safe for concurrent use.
func (l *Live) Next() (string, error) {
	names, err := l.stores()
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	greatest := l.given
	for _, name := range names {
		if n, err := strconv.ParseUint(strings.TrimPrefix(name, storePrefix), 10, 64); err == nil {
			greatest = max(greatest, n)
		}
	}
	l.given = greatest + 1
	return l.path(storePrefix + strconv.FormatUint(l.given, 10)), nil
}

// Point makes a directory, made by Next and whole on disk, the live store. After it returns nil, a start opens that one.
func (l *Live) Point(dir string) error {
	name := l.fs.PathBase(dir)
	temporary := l.path(currentName + ".tmp")
	if err := l.write(temporary, name+"\n"); err != nil {
		return fmt.Errorf("point at %s: %w", name, err)
	}
	if err := l.fs.Rename(temporary, l.path(currentName)); err != nil {
		return fmt.Errorf("point at %s: %w", name, err)
	}
	return l.sync()
}

// Remove removes a store's directory that is not the live one.
func (l *Live) Remove(dir string) error {
	live, err := l.current()
	if err != nil {
		return err
	}
	if l.fs.PathBase(dir) == live {
		return fmt.Errorf("%s is the live store", dir)
	}
	return l.fs.RemoveAll(dir)
}

// current reads the pointer; "" where there is none.
func (l *Live) current() (string, error) {
	file, err := l.fs.Open(l.path(currentName))
	if err != nil {
		if _, missing := l.fs.Stat(l.path(currentName)); missing != nil {
			return "", nil
		}
		return "", fmt.Errorf("read %s: %w", currentName, err)
	}
	raw, err := io.ReadAll(io.LimitReader(file, 256))
	if err := errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("read %s: %w", currentName, err)
	}
	name := strings.TrimSuffix(string(raw), "\n")
	if !strings.HasPrefix(name, storePrefix) || strings.ContainsAny(name, "/\\") {
		return "", fmt.Errorf("%s in %s is torn: it says %q", currentName, l.dir, name)
	}
	return name, nil
}

func (l *Live) stores() ([]string, error) {
	all, err := l.fs.List(l.dir)
	if err != nil {
		if mkdir := l.fs.MkdirAll(l.dir, 0o700); mkdir != nil {
			return nil, fmt.Errorf("make the data directory: %w", mkdir)
		}
		return nil, nil
	}
	var names []string
	for _, name := range all {
		if strings.HasPrefix(name, storePrefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (l *Live) clean(live string) error {
	names, err := l.stores()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == live {
			continue
		}
		if err := l.fs.RemoveAll(l.path(name)); err != nil {
			return fmt.Errorf("remove the leftover %s: %w", name, err)
		}
	}
	return nil
}

func (l *Live) write(path, text string) error {
	file, err := l.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	return errors.Join(err, file.Sync(), file.Close())
}

func (l *Live) sync() error {
	dir, err := l.fs.OpenDir(l.dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", l.dir, err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (l *Live) path(name string) string { return l.fs.PathJoin(l.dir, name) }
