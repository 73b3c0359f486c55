package meter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The spending file: a header, then segments of slots, mapped into memory one by one as they are needed. All of it is
// written once when it is made, so that a full disk is an error then and never a fault later. docs/specs/spending-file.md.
const (
	magic = "NXSPEND1"
	// headerBytes and segmentBytes are multiples of every page size in use.
	headerBytes  = 64 << 10
	segmentSlots = 1024
	segmentBytes = segmentSlots * slotBytes
	// maxSegments bounds the tenants and periods of one process: 65 536.
	maxSegments = 64
	// cleanAt is where the header says that the process ended by itself, after everything was written to the disk.
	cleanAt = 1024
	// maxName bounds the names of node, cluster and boot in the header.
	maxName = 128
	// order shows the byte order that the words were written in.
	order = uint64(0x0102030405060708)
)

// ErrFull says that the spending file has no room for another tenant.
var ErrFull = errors.New("this node counts for as many tenants as its spending file holds")

// header is whose a file is.
type header struct {
	incarnation         uint64
	node, cluster, boot string
}

func (h header) encode() []byte {
	out := []byte(magic)
	out = binary.NativeEndian.AppendUint64(out, order)
	out = binary.LittleEndian.AppendUint64(out, h.incarnation)
	for _, name := range []string{h.node, h.cluster, h.boot} {
		out = append(out, byte(len(name)))
		out = append(out, name...)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// errTorn says that a header is not whole, or of another kind of machine or version.
var errTorn = errors.New("its header is not whole")

func decodeHeader(raw []byte) (h header, err error) {
	rest, found := bytes.CutPrefix(raw, []byte(magic))
	if !found || len(rest) < 16 || binary.NativeEndian.Uint64(rest) != order {
		return h, errTorn
	}
	h.incarnation = binary.LittleEndian.Uint64(rest[8:])
	rest = rest[16:]
	for _, name := range []*string{&h.node, &h.cluster, &h.boot} {
		if len(rest) < 1 || len(rest) < 1+int(rest[0]) {
			return h, errTorn
		}
		*name, rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	}
	said := raw[:len(raw)-len(rest)]
	if len(rest) < 4 || binary.LittleEndian.Uint32(rest) != crc32.ChecksumIEEE(said) {
		return h, errTorn
	}
	return h, nil
}

// file is the spending file of this process. Its methods but close are not safe for concurrent use; slots are.
type file struct {
	path     string
	handle   *os.File
	header   header
	segments [][]byte
	free     []*slot
}

// create makes the file of an incarnation, with one segment, and writes it and its name to the disk.
func create(path string, h header) (f *file, err error) {
	for _, name := range []string{h.node, h.cluster, h.boot} {
		if len(name) > maxName {
			return nil, fmt.Errorf("spending file %s: a name of %d bytes, at most %d", path, len(name), maxName)
		}
	}
	handle, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the spending file: %w", err)
	}
	f = &file{path: path, handle: handle, header: h}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make the spending file %s: %w", path, err), f.unmap(), handle.Close(), os.Remove(path))
		}
	}()
	block := make([]byte, headerBytes)
	copy(block, h.encode())
	if _, err := handle.Write(block); err != nil {
		return nil, err
	}
	if err := f.extend(); err != nil {
		return nil, err
	}
	if err := handle.Sync(); err != nil {
		return nil, err
	}
	return f, syncDir(filepath.Dir(path))
}

// extend maps another segment.
func (f *file) extend() error {
	at := int64(headerBytes) + int64(len(f.segments))*segmentBytes
	if _, err := f.handle.WriteAt(make([]byte, segmentBytes), at); err != nil {
		return fmt.Errorf("extend the spending file %s: %w", f.path, err)
	}
	memory, err := unix.Mmap(int(f.handle.Fd()), at, segmentBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the spending file %s: %w", f.path, err)
	}
	f.segments = append(f.segments, memory)
	slots := slotsOf(memory)
	for i := len(slots) - 1; i >= 0; i-- {
		f.free = append(f.free, &slots[i])
	}
	return nil
}

// slotsOf is a mapped segment as slots. Mapped memory begins at a page, so the words are aligned.
func slotsOf(memory []byte) []slot {
	return unsafe.Slice((*slot)(unsafe.Pointer(unsafe.SliceData(memory))), len(memory)/slotBytes)
}

// take gives a slot that nobody uses; ErrFull where there is none.
func (f *file) take() (*slot, error) {
	if len(f.free) == 0 {
		if len(f.segments) >= maxSegments {
			return nil, ErrFull
		}
		if err := f.extend(); err != nil {
			return nil, err
		}
	}
	s := f.free[len(f.free)-1]
	f.free = f.free[:len(f.free)-1]
	return s, nil
}

// giveBack lets a slot be used again. Nobody counts in it any more.
func (f *file) giveBack(s *slot) {
	s.clear()
	f.free = append(f.free, s)
}

// close writes everything to the disk, then that this was done. Nobody counts in it any more.
func (f *file) close() error {
	var faults []error
	for _, memory := range f.segments {
		faults = append(faults, unix.Msync(memory, unix.MS_SYNC))
	}
	faults = append(faults, f.unmap(), f.handle.Sync())
	if errors.Join(faults...) == nil {
		faults = append(faults, f.markClean(), f.handle.Sync())
	}
	if err := errors.Join(append(faults, f.handle.Close())...); err != nil {
		return fmt.Errorf("close the spending file %s: %w", f.path, err)
	}
	return nil
}

func (f *file) markClean() error {
	_, err := f.handle.WriteAt(cleanMark(f.header.incarnation), cleanAt)
	return err
}

func cleanMark(incarnation uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte("clean..."), incarnation)
}

func (f *file) unmap() error {
	var faults []error
	for _, memory := range f.segments {
		faults = append(faults, unix.Munmap(memory))
	}
	f.segments, f.free = nil, nil
	return errors.Join(faults...)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
