package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxQueue bounds the records that wait to be written; beyond it Append waits.
	maxQueue = 8192
	// maxGather is how much is encoded before it is written with one call.
	maxGather = 256 << 10
	// syncEvery is how much time a power loss may take away; a killed process loses nothing that was written.
	syncEvery = time.Second
	// retryEvery paces the attempts while the disk refuses.
	retryEvery = 250 * time.Millisecond
	// DefaultSegmentBytes is where a file ends and the next begins.
	DefaultSegmentBytes = 16 << 20
	// DefaultSegments is how many files are kept.
	DefaultSegments = 64
)

// Config is what Open needs.
type Config struct {
	// Dir holds the files; it is made where it is missing.
	Dir string
	// NodeID is what the chain begins with, Node the name in every record.
	NodeID, Node string
	// SegmentBytes and Segments bound what is kept; 0 = the defaults. The oldest file goes first.
	SegmentBytes int64
	Segments     int
	Logger       *slog.Logger

	refuse func() error // a test's disk that is full
}

// ErrUnavailable says that the log is closed, or that its disk refuses what it is given.
var ErrUnavailable = errors.New("the audit log cannot be written")

// Log is a node's audit log. Its methods may be called from any goroutine.
type Log struct {
	config  Config
	queue   chan Record
	stop    chan struct{} // closed when Close begins
	ended   chan struct{} // closed when the goroutine is over
	cause   error         // what was not written when it ended; written before ended is closed
	failing atomic.Pointer[error]

	closing sync.RWMutex // held shared by Append, so that the queue is not closed beneath it
	closed  bool         // guarded by closing

	head     atomic.Pointer[Head]
	failures atomic.Uint64

	// The rest belongs to the goroutine.
	file    *os.File
	kept    []segment
	written int64
	buffer  []byte
	dirty   bool
}

// Open opens the log of a directory. What a crash tore off the last line is cut away and told.
func Open(c Config) (*Log, error) {
	if c.SegmentBytes <= 0 {
		c.SegmentBytes = DefaultSegmentBytes
	}
	if c.Segments <= 0 {
		c.Segments = DefaultSegments
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Log{
		config: c, queue: make(chan Record, maxQueue), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	if err := l.resume(); err != nil {
		return nil, err
	}
	go l.run()
	return l, nil
}

// Append takes a record. It waits while the queue is full, as it becomes when the disk refuses for long; the error wraps
// ErrUnavailable and says that the log is closed.
func (l *Log) Append(r Record) error {
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		return ErrUnavailable
	}
	select {
	case l.queue <- r:
		return nil
	case <-l.stop:
		return ErrUnavailable
	}
}

// Check tells whether the log can be written now: while the disk refuses, nothing new should begin. The error wraps
// ErrUnavailable and the disk's.
func (l *Log) Check() error {
	if cause := l.failing.Load(); cause != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, *cause)
	}
	return nil
}

// Waiting is how many records wait to be written.
func (l *Log) Waiting() int { return len(l.queue) }

// Failures is how often the disk refused.
func (l *Log) Failures() uint64 { return l.failures.Load() }

// Head names the last line that was written; its Seq is 0 before the first.
func (l *Log) Head() Head { return *l.head.Load() }

// Close writes what was taken, syncs, and ends the log. The error says that records could not be written.
func (l *Log) Close() error {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.closing.Lock()
	already := l.closed
	l.closed = true
	l.closing.Unlock()
	if !already {
		close(l.queue)
	}
	<-l.ended
	return l.cause
}

// run writes until the queue is closed and empty.
func (l *Log) run() {
	defer close(l.ended)
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case r, open := <-l.queue:
			if !open {
				l.insist(l.sync)
				if l.file != nil {
					l.cause = errors.Join(l.cause, l.file.Close())
				}
				return
			}
			l.gather(r)
		case <-tick.C:
			l.insist(l.sync)
		}
	}
}

// insist does what the disk may refuse until it is done: nothing is left out. When the log is closed meanwhile, one more
// failure ends it, and what is lost by that is told.
func (l *Log) insist(do func() error) bool {
	for {
		err := do()
		if err == nil {
			l.failing.Store(nil)
			return true
		}
		l.failures.Add(1)
		if l.failing.Swap(&err) == nil {
			l.config.Logger.Error("the audit log cannot be written: requests are refused until it can", "error", err)
		}
		retry := time.NewTimer(retryEvery)
		select {
		case <-retry.C:
		case <-l.stop:
			retry.Stop()
			err := do()
			if err == nil {
				l.failing.Store(nil)
			}
			l.cause = errors.Join(l.cause, err)
			return err == nil
		}
	}
}

// gather encodes a record and those that wait behind it, and writes them with one call.
func (l *Log) gather(first Record) {
	head, records := l.Head(), 0
	l.buffer = l.buffer[:0]
	for r, more := first, true; more; {
		l.buffer, head.Hash = appendLine(l.buffer, &r, l.config.Node, head.Seq+1, head.Hash)
		l.buffer = append(l.buffer, '\n')
		head.Seq++
		records++
		if l.written+int64(len(l.buffer)) >= l.config.SegmentBytes || len(l.buffer) >= maxGather {
			break
		}
		select {
		case r, more = <-l.queue:
		default:
			more = false
		}
	}
	if !l.insist(l.write) {
		l.config.Logger.Error("audit records are lost: the disk refused them and the node stops", "records", records)
		return
	}
	l.head.Store(&head)
	if l.written >= l.config.SegmentBytes {
		l.insist(l.rotate)
	}
}

// write writes the buffer, whole or not at all.
func (l *Log) write() error {
	if l.config.refuse != nil {
		if err := l.config.refuse(); err != nil {
			return err
		}
	}
	if l.file == nil { // a rotation failed in its middle
		if err := l.next(); err != nil {
			return err
		}
	}
	if _, err := l.file.Write(l.buffer); err != nil {
		return errors.Join(fmt.Errorf("write audit records: %w", err), l.file.Truncate(l.written))
	}
	l.written += int64(len(l.buffer))
	l.dirty = true
	return nil
}

func (l *Log) sync() error {
	if !l.dirty || l.file == nil {
		return nil
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync the audit log: %w", err)
	}
	l.dirty = false
	return nil
}

// rotate begins the next file and lets the oldest go. It may be done again after a failure.
func (l *Log) rotate() error {
	if l.file != nil {
		if err := l.sync(); err != nil {
			return err
		}
		err := l.file.Close()
		l.file = nil
		if err != nil {
			return fmt.Errorf("close an audit file: %w", err)
		}
	}
	if err := l.next(); err != nil {
		return err
	}
	for len(l.kept) > l.config.Segments {
		if err := os.Remove(l.kept[0].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the oldest audit file: %w", err)
		}
		l.kept = l.kept[1:]
	}
	return nil
}

// next opens the file behind the head, unless that is open.
func (l *Log) next() error {
	if l.file != nil {
		return nil
	}
	return l.create(segmentAt(l.config.Dir, l.Head().Seq+1))
}

func (l *Log) create(s segment) error {
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("create an audit file: %w", err)
	}
	if info, err := file.Stat(); err != nil || info.Size() > 0 {
		return errors.Join(fmt.Errorf("%s is there already", filepath.Base(s.path)), err, file.Close())
	}
	if err := syncDir(l.config.Dir); err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.written = file, 0
	l.kept = append(l.kept, s)
	return nil
}

// resume finds where the chain ends.
func (l *Log) resume() error {
	if err := os.MkdirAll(l.config.Dir, 0o700); err != nil {
		return fmt.Errorf("make the audit directory: %w", err)
	}
	var err error
	if l.kept, err = segments(l.config.Dir); err != nil {
		return err
	}
	if len(l.kept) == 0 {
		l.head.Store(&Head{Hash: genesis(l.config.NodeID)})
		return l.create(segmentAt(l.config.Dir, 1))
	}
	last := l.kept[len(l.kept)-1]
	head, torn, err := l.lastLine(last)
	if err != nil {
		return err
	}
	l.head.Store(&head)
	return l.reopen(last, torn)
}

// lastLine finds the head: the last whole line of the last file, or of the one before where the last is still empty.
func (l *Log) lastLine(last segment) (head Head, torn int, err error) {
	var line []byte
	torn, err = last.lines(func(found []byte) error {
		line = append(line[:0], found...)
		return nil
	})
	if err != nil {
		return Head{}, 0, err
	}
	switch {
	case len(line) > 0:
		entry, err := parseLine(line)
		if err != nil {
			return Head{}, 0, fmt.Errorf("the last line of %s: %w: keep the files for an inquiry, move the directory away, and the node begins a new chain", filepath.Base(last.path), err)
		}
		return Head{entry.Seq, entry.Hash}, torn, nil
	case len(l.kept) == 1:
		return Head{Hash: genesis(l.config.NodeID)}, torn, nil
	}
	head, _, err = (&Log{config: l.config, kept: l.kept[:len(l.kept)-1]}).lastLine(l.kept[len(l.kept)-2])
	return head, torn, err
}

// reopen goes on with the last file, without what was torn.
func (l *Log) reopen(last segment, torn int) error {
	file, err := os.OpenFile(last.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the audit log: %w", err)
	}
	info, err := file.Stat()
	if err == nil && torn > 0 {
		l.config.Logger.Warn("a torn line at the end of the audit log was cut away", "bytes", torn)
		err = file.Truncate(info.Size() - int64(torn))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open the audit log: %w", err), file.Close())
	}
	l.file, l.written = file, info.Size()-int64(torn)
	return nil
}

// syncDir makes a new file's name durable.
func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the audit directory: %w", err)
	}
	return errors.Join(handle.Sync(), handle.Close())
}
