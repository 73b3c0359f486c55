package snapshot

import (
	"errors"
	"fmt"
	"io"
)

// maxBeside is how many checkpoints may be streamed beside Raft's snapshots at a time.
const maxBeside = 2

// ErrBusy says that as many checkpoints are being streamed as may be.
var ErrBusy = errors.New("too many checkpoints are being streamed")

// Stream streams a checkpoint that is no snapshot of Raft's: it is listed nowhere, and closing the stream removes it.
// checkpoint does as in Sink.Adopt.
func (s *Store) Stream(checkpoint func(dir string) (Header, error)) (io.ReadCloser, error) {
	s.mu.Lock()
	if s.beside == maxBeside {
		s.mu.Unlock()
		return nil, ErrBusy
	}
	s.beside++
	s.sequence++
	dir := s.path(fmt.Sprintf("%sstream-%d", temporaryPrefix, s.sequence))
	s.mu.Unlock()
	gone := func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.beside--
		return s.files.Remove(dir)
	}
	h, err := s.checkpointIn(dir, checkpoint)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("checkpoint for a stream: %w", err), gone())
	}
	return newStream(s.files, s.files.Join(dir, checkpointName), h, gone), nil
}

func (s *Store) checkpointIn(dir string, checkpoint func(dir string) (Header, error)) (Header, error) {
	if err := s.files.MakeDir(dir); err != nil {
		return Header{}, err
	}
	inside := s.files.Join(dir, checkpointName)
	h, err := checkpoint(inside)
	if err != nil {
		return Header{}, err
	}
	h.Index, h.Term = h.Applied, h.AppliedTerm
	if h.Files, err = listFiles(s.files, inside); err != nil {
		return Header{}, err
	}
	return h, h.check()
}
