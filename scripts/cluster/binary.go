package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Variant is how the binary is built.
type Variant struct {
	// Planted builds with the tag "planted": NEXUS_PLANT then switches bugs on.
	Planted bool
	// Race builds with the race detector (needs a C compiler).
	Race bool
	// Profile adds a listener for net/http/pprof, opened where NEXUS_BENCH_PPROF says. It is added by an overlay: the
	// product's own source has none.
	Profile bool
}

func (v Variant) name() string {
	parts := []string{"nexus"}
	for _, part := range []struct {
		on   bool
		name string
	}{{v.Planted, "planted"}, {v.Race, "race"}, {v.Profile, "profile"}} {
		if part.on {
			parts = append(parts, part.name)
		}
	}
	return strings.Join(parts, "-")
}

// EnvBinary names a ready binary for the plain variant; nothing is built then.
const EnvBinary = "NEXUS_BINARY"

// profileSource is the file that the profile variant adds to cmd/nexus.
const profileSource = `package main

import (
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
)

func init() {
	address := os.Getenv("NEXUS_BENCH_PPROF")
	if address == "" {
		return
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, nil)
}
`

// Root finds the repository: the nearest folder upwards that holds go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.mod here or above")
		}
		dir = parent
	}
}

// Build builds the binary of a variant and returns its path. What is up to date is not built again, and only one
// process builds at a time.
func Build(ctx context.Context, v Variant) (string, error) {
	if ready := os.Getenv(EnvBinary); ready != "" && v == (Variant{}) {
		return filepath.Abs(ready)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := harnessDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for binaries: %w", err)
	}
	unlock, err := lockFile(ctx, filepath.Join(dir, "build.lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	return build(ctx, v, root, dir)
}

func build(ctx context.Context, v Variant, root, dir string) (string, error) {
	path := filepath.Join(dir, v.name())
	args := []string{"build", "-buildvcs=false", "-o", path}
	env := append(os.Environ(), "CGO_ENABLED=0")
	if v.Planted {
		args = append(args, "-tags", "planted")
	}
	if v.Race {
		args = append(args, "-race")
		env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if v.Profile {
		overlay, err := profileOverlay(root, dir)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	command := exec.CommandContext(ctx, "go", append(args, "./cmd/nexus")...)
	command.Dir, command.Env = root, env
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", v.name(), err, out)
	}
	return path, nil
}

// profileOverlay writes the overlay that adds profileSource to cmd/nexus.
func profileOverlay(root, dir string) (string, error) {
	source, overlay := filepath.Join(dir, "pprof.go"), filepath.Join(dir, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(root, "cmd", "nexus", "pprof_overlay.go"): source,
	}})
	if err != nil {
		return "", fmt.Errorf("write the overlay: %w", err)
	}
	return overlay, errors.Join(os.WriteFile(source, []byte(profileSource), 0o600), os.WriteFile(overlay, content, 0o600))
}

// harnessDir holds binaries and locks of this user's harnesses.
func harnessDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("nexus-harness-%d", os.Getuid()))
}

// lockFile waits for an exclusive lock on a file. The kernel lets it go when this process dies.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	err = Until(ctx, "the lock "+path, func() (bool, error) { return tryLock(file) })
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil // closing lets the lock go
}

func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// Shared finds a folder of shared data: NEXUS_SHARED, else ../shared beside the repository. False: there is none.
func Shared(parts ...string) (string, bool) {
	base := os.Getenv("NEXUS_SHARED")
	if base == "" {
		root, err := Root()
		if err != nil {
			return "", false
		}
		base = filepath.Join(filepath.Dir(root), "shared")
	}
	path := filepath.Join(append([]string{base}, parts...)...)
	_, err := os.Stat(path)
	return path, !errors.Is(err, fs.ErrNotExist) && err == nil
}
