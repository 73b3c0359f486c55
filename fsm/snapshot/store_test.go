package snapshot

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph/store"
)

func filesOn(fs vfs.FS) store.Files { return store.Options{}.WithFS(fs).Files() }

func open(t testing.TB, files store.Files) *Store {
	t.Helper()
	if err := files.MakeDir("/data"); err != nil {
		t.Fatal(err)
	}
	s, err := Open(files, "/data/snapshots")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// content is what the tests' checkpoints hold: an empty file, a small one, one of exactly a block, one beyond.
var content = map[string][]byte{
	"a-empty": nil, "b-small": []byte("small"), "c-block": bytes.Repeat([]byte{7}, blockSize),
	"d-more": bytes.Repeat([]byte{1, 2, 3}, blockSize/2),
}

func fill(files store.Files) func(dir string) (Header, error) {
	return func(dir string) (Header, error) {
		if err := files.MakeDir(dir); err != nil {
			return Header{}, err
		}
		for name, data := range content {
			file, err := files.Create(files.Join(dir, name))
			if err != nil {
				return Header{}, err
			}
			_, err = file.Write(data)
			if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
				return Header{}, err
			}
		}
		return Header{Applied: 100, AppliedTerm: 3, ClusterID: "cluster", Epoch: 1}, files.SyncDir(dir)
	}
}

func make1(t testing.TB, s *Store, index uint64) string {
	t.Helper()
	sink := create(t, s, index)
	if err := errors.Join(sink.Adopt(fill(s.files)), sink.Close()); err != nil {
		t.Fatal(err)
	}
	return sink.ID()
}

func create(t testing.TB, s *Store, index uint64) *Sink {
	t.Helper()
	configuration := hraft.Configuration{Servers: []hraft.Server{{ID: "n1", Address: "127.0.0.1:1"}}}
	sink, err := s.Create(1, index, 2, configuration, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sink.(*Sink)
}

func read(t testing.TB, s *Store, id string) (*hraft.SnapshotMeta, []byte) {
	t.Helper()
	meta, source, err := s.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(iotestReader{source})
	if err := errors.Join(err, source.Close()); err != nil {
		t.Fatal(err)
	}
	return meta, raw
}

// iotestReader reads in odd pieces.
type iotestReader struct{ io.Reader }

func (r iotestReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 77777)]) }

func TestStore_StreamComesOutAsItWentIn(t *testing.T) {
	s := open(t, filesOn(vfs.NewMem()))
	meta, raw := read(t, s, make1(t, s, 90))
	if meta.Size != int64(len(raw)) || meta.Index != 90 || meta.Term != 2 || meta.ConfigurationIndex != 7 || len(meta.Configuration.Servers) != 1 {
		t.Fatalf("%+v, a stream of %d bytes", meta, len(raw))
	}
	other := open(t, filesOn(vfs.NewMem()))
	sink := create(t, other, 90)
	for rest := raw; len(rest) > 0; {
		n := min(len(rest), 33333)
		if _, err := sink.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	again, copied := read(t, other, sink.ID())
	if !bytes.Equal(raw, copied) || again.Size != meta.Size {
		t.Fatal("the stream of the copy is another")
	}
	files := filesOn(vfs.NewMem())
	h, err := Unpack(bytes.NewReader(raw), files, "/unpacked")
	if err != nil || h.Applied != 100 || h.Index != 90 || h.ClusterID != "cluster" {
		t.Fatalf("%+v, %v", h, err)
	}
	for name, want := range content {
		file, err := files.Open("/unpacked/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s has %d bytes, not %d (%v)", name, len(got), len(want), err)
		}
	}
	if _, err := Unpack(bytes.NewReader(raw), files, "/unpacked"); err == nil {
		t.Fatal("unpacked over another")
	}
}

func TestStore_KeepsTheNewestAndWhatIsStreamed(t *testing.T) {
	s := open(t, filesOn(vfs.NewMem()))
	first := make1(t, s, 10)
	_, source, err := s.Open(first)
	if err != nil {
		t.Fatal(err)
	}
	second := make1(t, s, 20)
	third := make1(t, s, 30)
	ids := func() (list []string) {
		metas, err := s.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metas {
			list = append(list, m.ID)
		}
		return list
	}
	if got := fmt.Sprint(ids()); got != fmt.Sprint([]string{third, first}) {
		t.Fatalf("%v; %s is gone, %s is streamed", got, second, first)
	}
	if _, err := io.Copy(io.Discard, source); err != nil {
		t.Fatalf("the streamed one was cut off: %v", err)
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ids(); len(got) != 1 || got[0] != third {
		t.Fatalf("%v", got)
	}
	if _, _, err := s.Open(first); err == nil {
		t.Fatal("one that is gone was opened")
	}
}

// TestStore_CrashLeavesWholeOnes: at every step of making one, a crash leaves it whole and listed, or not at all.
func TestStore_CrashLeavesWholeOnes(t *testing.T) {
	fs := vfs.NewCrashableMem()
	files := filesOn(fs)
	s := open(t, files)
	before := make1(t, s, 10)
	sink := create(t, s, 20)
	look := func(want string) {
		t.Helper()
		crashed, err := Open(filesOn(fs.CrashClone(vfs.CrashCloneCfg{})), "/data/snapshots")
		if err != nil {
			t.Fatal(err)
		}
		list, err := crashed.List()
		if err != nil || len(list) == 0 || list[0].ID != want {
			t.Fatalf("%v (%v)", list, err)
		}
		if _, raw := read(t, crashed, want); int64(len(raw)) != list[0].Size {
			t.Fatal("a listed snapshot is not whole")
		}
		names, err := crashed.files.List(crashed.dir)
		if err != nil || len(names) != 1 {
			t.Fatalf("%v (%v)", names, err)
		}
	}
	look(before)
	if err := sink.Adopt(fill(files)); err != nil {
		t.Fatal(err)
	}
	look(before)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	look(sink.ID())
}

func TestSink_RefusesWhatIsNotWhole(t *testing.T) {
	s := open(t, filesOn(vfs.NewMem()))
	_, raw := read(t, s, make1(t, s, 90))
	for name, c := range map[string]struct {
		index uint64
		raw   []byte
	}{
		"nothing":          {90, nil},
		"a piece":          {90, raw[:len(raw)-40]},
		"without its sum":  {90, raw[:len(raw)-1]},
		"more":             {90, append(bytes.Clone(raw), 1)},
		"another position": {91, raw},
		"another block":    {90, flipped(raw, len(raw)/2)},
		"another header":   {90, flipped(raw, prefixSize+3)},
		"another sum":      {90, flipped(raw, len(raw)-1)},
		"another magic":    {90, flipped(raw, 0)},
		"another format":   {90, flipped(raw, len(magic))},
	} {
		sink := create(t, s, c.index)
		_, err := sink.Write(c.raw)
		if name == "nothing" {
			err = nil
		}
		if err := errors.Join(err, sink.Close()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	cancelled := create(t, s, 95)
	if _, err := cancelled.Write(raw[:1000]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(cancelled.Cancel(), cancelled.Close()); err != nil {
		t.Fatal(err)
	}
	empty := create(t, s, 96)
	behind := empty.Adopt(func(dir string) (Header, error) { h, err := fill(s.files)(dir); h.Applied = 5; return h, err })
	if !errors.Is(behind, ErrCorrupt) {
		t.Errorf("a checkpoint behind its index: %v", behind)
	}
	if err := empty.Cancel(); err != nil {
		t.Fatal(err)
	}
	names, err := s.files.List(s.dir)
	if err != nil || len(names) != 1 {
		t.Fatalf("leftovers: %v (%v)", names, err)
	}
}

func flipped(raw []byte, at int) []byte {
	out := bytes.Clone(raw)
	out[at] ^= 0x10
	return out
}

// TestHeader_Golden: the beginning of a stream is for ever.
func TestHeader_Golden(t *testing.T) {
	h := Header{Index: 90, Term: 2, Applied: 100, AppliedTerm: 3, ClusterID: "cluster", Epoch: 1, Files: []FileInfo{{"a", 0}, {"b", 1 << 40}}}
	raw, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/header.hex")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(raw); got != strings.TrimSpace(string(want)) {
		t.Fatalf("%s", got)
	}
	back, err := ReadHeader(bytes.NewReader(raw))
	if err != nil || fmt.Sprint(back) != fmt.Sprint(h) {
		t.Fatalf("%+v, %v", back, err)
	}
}

func TestHeader_RefusesNamesThatLeaveTheDirectory(t *testing.T) {
	for _, names := range [][]string{{"../x"}, {"a/b"}, {""}, {".."}, {`a\b`}, {"b", "a"}, {"a", "a"}, nil} {
		h := Header{}
		for _, name := range names {
			h.Files = append(h.Files, FileInfo{Name: name})
		}
		if err := h.check(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q: %v", names, err)
		}
	}
}

// FuzzUnpack: whatever comes, no panic, and nothing outside the directory.
func FuzzUnpack(f *testing.F) {
	small := Header{Files: []FileInfo{{"a", 0}, {"b", 3}}}
	raw, err := small.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(append(raw, 1, 2, 3, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		files := filesOn(vfs.NewMem())
		if _, err := Unpack(bytes.NewReader(raw), files, "/in/dir"); err == nil {
			return
		}
		names, err := files.List("/in")
		if err != nil || len(names) != 1 {
			t.Fatalf("%v (%v)", names, err)
		}
	})
}
