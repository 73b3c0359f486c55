package devhub

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	journalName = "hub.journal"
	lockName    = "hub.lock"
	// journalHead begins a journal; the hub's instance follows.
	journalHead = "nexus-devhub-journal 1 "
	// maxLine bounds one line, in bytes.
	maxLine = 4 << 20
	// compactAt is how long a journal grows before it is rewritten, in bytes; and never below twice its last rewrite.
	compactAt = 64 << 20
	sumLength = 8
)

// errJournal says that a change could not be made durable. It was not made, or nobody was told that it was.
var errJournal = errors.New("the hub's file cannot be written")

// castagnoli is the table of the lines' checksums.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journal is an append-only file of lines, each with a checksum. append and rewrite are called under the hub's lock;
// sync is not, so that changes which wait together share one fsync.
type journal struct {
	dir      string
	instance string
	lock     *os.File

	file    *os.File
	size    int64
	base    int64         // size after the last rewrite
	written atomic.Uint64 // lines appended
	failed  atomic.Bool   // nothing is written any more

	syncing sync.Mutex
	synced  uint64 // guarded by syncing: lines that are durable
}

// openJournal opens or makes the journal of a folder, for one process at a time, and gives every whole line to take. A
// torn last line, which nobody was told of, is cut off; any other damage is an error.
func openJournal(dir, newInstance string, take func(line []byte) error) (j *journal, torn int64, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("make the hub's folder: %w", err)
	}
	j = &journal{dir: dir}
	if j.lock, err = lockFolder(dir); err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.close())
		}
	}()
	path := filepath.Join(dir, journalName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		j.instance = newInstance
		return j, 0, j.rewrite(nil)
	}
	if j.file, err = os.OpenFile(path, os.O_RDWR, 0o600); err != nil {
		return j, 0, fmt.Errorf("open the hub's file: %w", err)
	}
	whole, err := j.read(take)
	if err != nil {
		return j, 0, fmt.Errorf("%s: %w", path, err)
	}
	end, err := j.file.Seek(0, io.SeekEnd)
	if err != nil {
		return j, 0, fmt.Errorf("read the hub's file: %w", err)
	}
	j.size, j.base = whole, whole
	if end == whole {
		return j, 0, nil
	}
	if err := errors.Join(j.file.Truncate(whole), j.file.Sync()); err != nil {
		return j, 0, fmt.Errorf("cut a torn line off the hub's file: %w", err)
	}
	return j, end - whole, nil
}

func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the hub's folder: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("the folder %s is in use by another hub", dir), file.Close())
	}
	return file, nil
}

// read gives every whole line to take and returns where the last one ends.
func (j *journal) read(take func([]byte) error) (int64, error) {
	reader := bufio.NewReaderSize(j.file, 1<<16)
	head, err := reader.ReadString('\n')
	if err != nil || len(head) <= len(journalHead)+1 || head[:len(journalHead)] != journalHead {
		return 0, errors.New("this is no journal of a development hub, or of a version this one does not know")
	}
	j.instance = head[len(journalHead) : len(head)-1]
	at := int64(len(head))
	for number := 2; ; number++ {
		line, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			return at, nil // nothing, or a line without its end
		}
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", number, err)
		}
		if !lineWhole(line) {
			if _, err := reader.Peek(1); errors.Is(err, io.EOF) {
				return at, nil
			}
			return 0, fmt.Errorf("line %d is damaged, and more follows: restore the file, or remove it to begin anew", number)
		}
		if err := take(line[sumLength+1 : len(line)-1]); err != nil {
			return 0, fmt.Errorf("line %d: %w", number, err)
		}
		at += int64(len(line))
	}
}

// readLine reads a line with its end; io.EOF when the end is missing.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		piece, err := reader.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxLine:
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		}
	}
}

func lineWhole(line []byte) bool {
	if len(line) < sumLength+2 || line[sumLength] != ' ' {
		return false
	}
	sum, err := strconv.ParseUint(string(line[:sumLength]), 16, 32)
	return err == nil && uint32(sum) == crc32.Checksum(line[sumLength+1:len(line)-1], castagnoli)
}

func formLine(text []byte) []byte {
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(text, castagnoli), text)
}

// append writes one line to the file; sync makes it durable. On an error nothing of the line stays.
func (j *journal) append(text []byte) (uint64, error) {
	if j.failed.Load() {
		return 0, errJournal
	}
	line := formLine(text)
	if len(line) > maxLine {
		return 0, fmt.Errorf("%w: a change of %d bytes", errJournal, len(line))
	}
	if _, err := j.file.WriteAt(line, j.size); err != nil {
		if j.file.Truncate(j.size) != nil {
			j.failed.Store(true)
		}
		return 0, fmt.Errorf("%w: %w", errJournal, err)
	}
	j.size += int64(len(line))
	return j.written.Add(1), nil
}

// sync waits until a line is durable. After a failed sync nobody knows what the disk holds: nothing is written any
// more until the hub starts again.
func (j *journal) sync(number uint64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.failed.Load() {
		return errJournal
	}
	if j.synced >= number {
		return nil
	}
	upTo := j.written.Load()
	if err := j.file.Sync(); err != nil {
		j.failed.Store(true)
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	j.synced = upTo
	return nil
}

// long reports whether the journal should be rewritten.
func (j *journal) long() bool { return j.size > compactAt && j.size > 2*j.base }

// rewrite puts a new file of the lines given in the place of the old one, whole or not at all.
func (j *journal) rewrite(lines func(write func(text []byte) error) error) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	path := filepath.Join(j.dir, journalName)
	made, size, err := writeWhole(path+".new", j.instance, lines)
	if err != nil {
		return err
	}
	err = os.Rename(path+".new", path)
	if err == nil {
		err = syncFolder(j.dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("put the hub's file in place: %w", err), made.Close())
	}
	old := j.file
	j.file, j.size, j.base, j.synced = made, size, size, j.written.Load()
	if old != nil {
		return old.Close()
	}
	return nil
}

func writeWhole(path, instance string, lines func(func([]byte) error) error) (made *os.File, size int64, err error) {
	if made, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return nil, 0, fmt.Errorf("write the hub's file: %w", err)
	}
	out := bufio.NewWriter(made)
	put := func(piece []byte) error {
		n, err := out.Write(piece)
		size += int64(n)
		return err
	}
	err = put([]byte(journalHead + instance + "\n"))
	if err == nil && lines != nil {
		err = lines(func(text []byte) error { return put(formLine(text)) })
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = made.Sync()
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("write the hub's file: %w", err), made.Close())
	}
	return made, size, nil
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (j *journal) close() error {
	var faults []error
	if j.file != nil {
		faults = append(faults, j.file.Close())
	}
	if j.lock != nil {
		faults = append(faults, j.lock.Close())
	}
	return errors.Join(faults...)
}
