package snapshot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph/store"
)

// Names in the snapshots' directory.
const (
	snapshotPrefix  = "snapshot-"
	temporaryPrefix = "making-"
	metaName        = "meta.json"
	checkpointName  = "store"
)

// Store implements hraft.SnapshotStore. Safe for concurrent use.
type Store struct {
	files store.Files
	dir   string

	mu       sync.Mutex
	sequence uint64         // guarded by mu: the last one given
	streamed map[string]int // guarded by mu: streams open, by snapshot id
	beside   int            // guarded by mu: streams open of checkpoints that are no snapshots
}

var _ hraft.SnapshotStore = (*Store)(nil)

// meta is what is written beside a checkpoint.
type meta struct {
	Format   int
	Sequence uint64
	Raft     hraft.SnapshotMeta
	Header   Header
}

// Open opens the snapshots in dir, or makes it, and removes what was being made when the process ended.
func Open(files store.Files, dir string) (*Store, error) {
	if err := files.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("make the snapshots' directory: %w", err)
	}
	s := &Store{files: files, dir: dir, streamed: map[string]int{}}
	names, err := files.List(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasPrefix(name, temporaryPrefix) {
			if err := files.Remove(s.path(name)); err != nil {
				return nil, fmt.Errorf("remove the leftover %s: %w", name, err)
			}
		}
	}
	list, err := s.metas()
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		s.sequence = max(s.sequence, m.Sequence)
	}
	return s, nil
}

// Create implements hraft.SnapshotStore.
func (s *Store) Create(version hraft.SnapshotVersion, index, term uint64, configuration hraft.Configuration,
	configurationIndex uint64, _ hraft.Transport) (hraft.SnapshotSink, error) {
	if version != 1 {
		return nil, fmt.Errorf("snapshot version %d is not supported", version)
	}
	s.mu.Lock()
	s.sequence++
	sequence := s.sequence
	s.mu.Unlock()
	id := fmt.Sprintf("%s%d-%d-%d", snapshotPrefix, term, index, sequence)
	k := &Sink{store: s, temporary: s.path(temporaryPrefix + id), meta: meta{
		Format: Format, Sequence: sequence,
		Raft: hraft.SnapshotMeta{
			Version: version, ID: id, Index: index, Term: term,
			Configuration: configuration, ConfigurationIndex: configurationIndex,
		},
	}}
	if err := s.files.MakeDir(k.temporary); err != nil {
		return nil, fmt.Errorf("make a snapshot's directory: %w", err)
	}
	return k, nil
}

// List implements hraft.SnapshotStore: the newest first.
func (s *Store) List() ([]*hraft.SnapshotMeta, error) {
	list, err := s.metas()
	if err != nil {
		return nil, err
	}
	out := make([]*hraft.SnapshotMeta, len(list))
	for i := range list {
		out[i] = &list[i].Raft
	}
	return out, nil
}

// Open implements hraft.SnapshotStore. The stream must be closed; until then its snapshot is kept.
func (s *Store) Open(id string) (*hraft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.readMeta(id)
	if err != nil {
		return nil, nil, err
	}
	s.streamed[id]++
	return &m.Raft, newStream(s.files, s.files.Join(s.path(id), checkpointName), m.Header, func() error {
		return s.release(id)
	}), nil
}

func (s *Store) release(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streamed[id]--
	if s.streamed[id] == 0 {
		delete(s.streamed, id)
	}
	return s.reap()
}

// reap removes all but the newest and those being streamed. It needs mu.
func (s *Store) reap() error {
	list, err := s.metas()
	if err != nil {
		return err
	}
	for _, old := range list[min(1, len(list)):] {
		if s.streamed[old.Raft.ID] > 0 {
			continue
		}
		if err := s.files.Remove(s.path(old.Raft.ID)); err != nil {
			return fmt.Errorf("remove the old snapshot %s: %w", old.Raft.ID, err)
		}
	}
	return nil
}

// metas reads what is written beside each snapshot, the newest first.
func (s *Store) metas() ([]meta, error) {
	names, err := s.files.List(s.dir)
	if err != nil {
		return nil, err
	}
	var list []meta
	for _, name := range names {
		// What reap was interrupted at has lost its meta first or not at all.
		if !strings.HasPrefix(name, snapshotPrefix) || !s.files.Exists(s.files.Join(s.path(name), metaName)) {
			continue
		}
		m, err := s.readMeta(name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b meta) int {
		switch {
		case a.Raft.Index != b.Raft.Index:
			return cmp.Compare(b.Raft.Index, a.Raft.Index)
		case a.Raft.Term != b.Raft.Term:
			return cmp.Compare(b.Raft.Term, a.Raft.Term)
		}
		return cmp.Compare(b.Sequence, a.Sequence)
	})
	return list, nil
}

func (s *Store) readMeta(id string) (meta, error) {
	var m meta
	if !plainName(id) || !strings.HasPrefix(id, snapshotPrefix) {
		return m, fmt.Errorf("there is no snapshot %q", id)
	}
	path := s.files.Join(s.path(id), metaName)
	file, err := s.files.Open(path)
	if err != nil {
		return m, fmt.Errorf("open snapshot %s: %w", id, err)
	}
	raw, err := io.ReadAll(io.LimitReader(file, 2*maxHeader))
	if err := errors.Join(err, file.Close()); err != nil {
		return m, fmt.Errorf("read %s: %w", path, err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%s is torn (%w): remove that snapshot's directory, the node fetches another from the cluster", path, err)
	}
	if m.Format != Format {
		return m, fmt.Errorf("%s has format %d, this program reads format %d", path, m.Format, Format)
	}
	return m, nil
}

func (s *Store) path(name string) string { return s.files.Join(s.dir, name) }

// Sink is one snapshot being made. It belongs to one goroutine.
type Sink struct {
	store     *Store
	temporary string
	meta      meta
	incoming  *receiver // set by the first Write
	adopted   bool
	ended     bool
}

var _ hraft.SnapshotSink = (*Sink)(nil)

// ID implements hraft.SnapshotSink.
func (k *Sink) ID() string { return k.meta.Raft.ID }

// Adopt makes this node's own snapshot: checkpoint fills the directory it is given, which does not exist yet, and says
// what it holds; Files, Index and Term are filled in here.
func (k *Sink) Adopt(checkpoint func(dir string) (Header, error)) error {
	if k.incoming != nil || k.adopted || k.ended {
		return errors.New("the snapshot has its content already")
	}
	dir := k.checkpointDir()
	h, err := checkpoint(dir)
	if err != nil {
		return err
	}
	h.Index, h.Term = k.meta.Raft.Index, k.meta.Raft.Term
	if h.Files, err = listFiles(k.store.files, dir); err != nil {
		return err
	}
	k.adopted, k.meta.Header = true, h
	return h.check()
}

func listFiles(files store.Files, dir string) ([]FileInfo, error) {
	names, err := files.List(dir)
	if err != nil {
		return nil, err
	}
	list := make([]FileInfo, 0, len(names))
	for _, name := range names {
		path := files.Join(dir, name)
		if files.IsDir(path) {
			return nil, fmt.Errorf("a checkpoint with a directory (%s) cannot be streamed", name)
		}
		size, err := files.Size(path)
		if err != nil {
			return nil, err
		}
		list = append(list, FileInfo{Name: name, SizeBytes: size})
	}
	return list, nil
}

// Write implements io.Writer: a piece of another node's stream.
func (k *Sink) Write(p []byte) (int, error) {
	if k.adopted || k.ended {
		return 0, errors.New("the snapshot has its content already")
	}
	if k.incoming == nil {
		if err := k.store.files.MakeDir(k.checkpointDir()); err != nil {
			return 0, err
		}
		k.incoming = newReceiver(k.store.files, k.checkpointDir())
	}
	return k.incoming.Write(p)
}

// Close implements io.Closer: what was made is whole, synced, and gets its name. Otherwise it is removed.
func (k *Sink) Close() error {
	if k.ended {
		return nil
	}
	k.ended = true
	if err := k.finish(); err != nil {
		return errors.Join(fmt.Errorf("close snapshot %s: %w", k.ID(), err), k.store.files.Remove(k.temporary))
	}
	return nil
}

func (k *Sink) finish() error {
	if err := k.settleHeader(); err != nil {
		return err
	}
	size, err := k.meta.Header.sizeBytes()
	if err != nil {
		return err
	}
	k.meta.Raft.Size = size
	if err := k.writeMeta(); err != nil {
		return err
	}
	s := k.store
	if err := s.files.Rename(k.temporary, s.path(k.ID())); err != nil {
		return err
	}
	if err := s.files.SyncDir(s.dir); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reap()
}

// settleHeader sees that the content came, and that it is of the position Raft was told.
func (k *Sink) settleHeader() error {
	switch {
	case k.adopted:
		return nil
	case k.incoming == nil:
		return corrupt("it is empty")
	}
	if err := k.incoming.finish(); err != nil {
		return err
	}
	k.meta.Header = k.incoming.header
	if h := k.meta.Header; h.Index != k.meta.Raft.Index || h.Term != k.meta.Raft.Term {
		return corrupt("it is of index %d, term %d, not %d, %d", h.Index, h.Term, k.meta.Raft.Index, k.meta.Raft.Term)
	}
	return nil
}

func (k *Sink) writeMeta() error {
	raw, err := json.Marshal(&k.meta)
	if err != nil {
		return err
	}
	file, err := k.store.files.Create(k.store.files.Join(k.temporary, metaName))
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	return errors.Join(err, file.Sync(), file.Close(), k.store.files.SyncDir(k.temporary))
}

// Cancel implements hraft.SnapshotSink.
func (k *Sink) Cancel() error {
	if k.ended {
		return nil
	}
	k.ended = true
	if k.incoming != nil {
		_ = k.incoming.finish() // it was cancelled: that it is not whole is known
	}
	return k.store.files.Remove(k.temporary)
}

func (k *Sink) checkpointDir() string { return k.store.files.Join(k.temporary, checkpointName) }
