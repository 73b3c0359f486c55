package snapshot

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/hivellm/nexus/graph/store"
)

// stream reads a checkpoint as one stream. It belongs to one goroutine.
type stream struct {
	files   store.Files
	dir     string
	header  Header
	closing func() error

	pending []byte // what Read gives next
	begun   bool
	ended   bool
	at      int // the file under way
	left    int64
	file    io.ReadCloser
	block   []byte
	sum     hash.Hash
}

func newStream(files store.Files, dir string, h Header, closing func() error) *stream {
	return &stream{files: files, dir: dir, header: h, closing: closing, at: -1, sum: sha256.New()}
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.pending) == 0 {
		if err := s.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// advance makes the next piece pending: the header, a block with its CRC, or the sum.
func (s *stream) advance() error {
	switch {
	case s.ended:
		return io.EOF
	case !s.begun:
		s.begun = true
		beginning, err := s.header.encode()
		s.show(beginning)
		return err
	case s.left > 0:
		return s.readBlock()
	}
	if err := s.closeFile(); err != nil {
		return err
	}
	s.at++
	if s.at == len(s.header.Files) {
		s.ended = true
		s.pending = s.sum.Sum(nil)
		return nil
	}
	return s.openFile()
}

func (s *stream) show(piece []byte) {
	s.sum.Write(piece)
	s.pending = piece
}

func (s *stream) openFile() (err error) {
	info := s.header.Files[s.at]
	path := s.files.Join(s.dir, info.Name)
	if size, err := s.files.Size(path); err != nil || size != info.SizeBytes {
		return fmt.Errorf("snapshot file %s has %d bytes, not %d: %w", path, size, info.SizeBytes, errors.Join(ErrCorrupt, err))
	}
	s.left = info.SizeBytes
	s.file, err = s.files.Open(path)
	return err
}

func (s *stream) closeFile() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

func (s *stream) readBlock() error {
	size := int(min(s.left, blockSize))
	if s.block == nil {
		s.block = make([]byte, blockSize+crcSize)
	}
	data := s.block[:size]
	if _, err := io.ReadFull(s.file, data); err != nil {
		return fmt.Errorf("read a snapshot file: %w", err)
	}
	s.left -= int64(size)
	copy(s.block[size:], crcOf(data))
	s.show(s.block[:size+crcSize])
	return nil
}

// Close implements io.Closer.
func (s *stream) Close() error {
	err := s.closeFile()
	s.ended, s.pending = true, nil
	if s.closing != nil {
		err = errors.Join(err, s.closing())
		s.closing = nil
	}
	return err
}

// phases of a receiver.
type phase uint8

const (
	inPrefix phase = iota
	inHeader
	inBlock
	inSum
	inNothing
)

// receiver takes a stream apart as it comes, into an empty directory.
type receiver struct {
	files  store.Files
	dir    string
	header Header

	phase   phase
	need    int
	buffer  []byte
	at      int
	left    int64
	file    store.File
	sum     hash.Hash
	failure error
}

func newReceiver(files store.Files, dir string) *receiver {
	return &receiver{files: files, dir: dir, need: prefixSize, at: -1, sum: sha256.New()}
}

// Write implements io.Writer. An error sticks.
func (r *receiver) Write(p []byte) (int, error) {
	written := 0
	for r.failure == nil && len(p) > 0 {
		if r.phase == inNothing {
			r.failure = corrupt("bytes behind the end")
			break
		}
		n := min(r.need-len(r.buffer), len(p))
		r.buffer = append(r.buffer, p[:n]...)
		p, written = p[n:], written+n
		if len(r.buffer) == r.need {
			r.failure = r.take(r.buffer)
			r.buffer = r.buffer[:0]
		}
	}
	return written, r.failure
}

// take handles one whole piece.
func (r *receiver) take(piece []byte) (err error) {
	if r.phase == inSum {
		r.phase = inNothing
		if !bytes.Equal(piece, r.sum.Sum(nil)) {
			return corrupt("the SHA-256 of the whole is wrong")
		}
		return r.files.SyncDir(r.dir)
	}
	r.sum.Write(piece)
	switch r.phase {
	case inPrefix:
		length, err := headerLength(piece)
		r.phase, r.need = inHeader, length+crcSize
		return err
	case inHeader:
		if r.header, err = decodeHeader(piece); err != nil {
			return err
		}
		return r.nextFile()
	}
	data, crc := piece[:len(piece)-crcSize], piece[len(piece)-crcSize:]
	if !bytes.Equal(crcOf(data), crc) {
		return corrupt("the checksum of a block of %s is wrong", r.header.Files[r.at].Name)
	}
	if _, err := r.file.Write(data); err != nil {
		return fmt.Errorf("write a snapshot file: %w", err)
	}
	r.left -= int64(len(data))
	if r.left > 0 {
		r.needBlock()
		return nil
	}
	return r.nextFile()
}

func (r *receiver) needBlock() { r.phase, r.need = inBlock, int(min(r.left, blockSize))+crcSize }

// nextFile ends the file under way and begins the next one that is not empty, or the sum.
func (r *receiver) nextFile() error {
	for {
		if err := r.endFile(); err != nil {
			return err
		}
		r.at++
		if r.at == len(r.header.Files) {
			r.phase, r.need = inSum, sumSize
			return nil
		}
		file, err := r.files.Create(r.files.Join(r.dir, r.header.Files[r.at].Name))
		if err != nil {
			return fmt.Errorf("make a snapshot file: %w", err)
		}
		r.file, r.left = file, r.header.Files[r.at].SizeBytes
		if r.left > 0 {
			r.needBlock()
			return nil
		}
	}
}

func (r *receiver) endFile() error {
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.file.Sync(), r.file.Close())
	r.file = nil
	if err != nil {
		return fmt.Errorf("sync a snapshot file: %w", err)
	}
	return nil
}

// finish says whether the whole stream came.
func (r *receiver) finish() error {
	if r.file != nil {
		r.failure = errors.Join(r.failure, r.file.Close())
		r.file = nil
	}
	if r.failure == nil && r.phase != inNothing {
		r.failure = corrupt("it ends too early")
	}
	return r.failure
}

// Unpack takes a whole stream apart into dir, which must not exist, and syncs it.
func Unpack(source io.Reader, files store.Files, dir string) (Header, error) {
	if files.Exists(dir) {
		return Header{}, fmt.Errorf("unpack a snapshot: %s exists", dir)
	}
	if err := files.MakeDir(dir); err != nil {
		return Header{}, fmt.Errorf("unpack a snapshot: %w", err)
	}
	r := newReceiver(files, dir)
	_, err := io.Copy(r, source)
	if err := errors.Join(r.finish(), err); err != nil {
		return Header{}, fmt.Errorf("unpack a snapshot: %w", err)
	}
	return r.header, nil
}
