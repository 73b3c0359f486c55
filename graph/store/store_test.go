package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/hivellm/nexus/tenancy"
)

func openOn(t rapid.TB, fs vfs.FS, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{CacheBytes: 1 << 20, MemTableBytes: 128 << 10}.WithFS(fs))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func id(n uint64) tenancy.ID { return tenancy.IDFromNumber(n) }

// records reads all of one kind.
func records(t rapid.TB, sp Space, kind Kind, from []byte) (list []string) {
	t.Helper()
	err := sp.Scan(kind, from, func(suffix, value []byte) error {
		list = append(list, fmt.Sprintf("%x=%x", suffix, value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestStore_CommitsPositionWithData(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs, "/s")
	if index, term := s.Applied(); index != 0 || term != 0 {
		t.Fatalf("a fresh store is at %d, %d", index, term)
	}
	b := s.NewBatch()
	b.Space(id(1), 0).Set(Node, AppendID(nil, 5), []byte("five"))
	if err := b.Commit(7, 2); err != nil {
		t.Fatal(err)
	}
	if err := s.NewBatch().Commit(7, 2); err == nil {
		t.Fatal("an index was committed twice")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openOn(t, fs, "/s")
	defer s.Close()
	if index, term := s.Applied(); index != 7 || term != 2 {
		t.Fatalf("reopened at %d, %d", index, term)
	}
	if got, found, err := s.Space(id(1), 0).Read(Node, AppendID(nil, 5)); err != nil || !found || string(got) != "five" {
		t.Fatalf("%q %v %v", got, found, err)
	}
}

func TestSpace_RefusesNobody(t *testing.T) {
	s := openOn(t, vfs.NewMem(), "/s")
	defer s.Close()
	b := s.NewBatch()
	defer b.Discard()
	for name, open := range map[string]func(){
		"store": func() { s.Space(tenancy.ID{}, 1) },
		"batch": func() { b.Space(tenancy.ID{}, 1) },
		"drop":  func() { b.DropTenant(tenancy.ID{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a space of nobody was opened", name)
				}
			}()
			open()
		}()
	}
}

// TestSpace_BoundsAtTheEdges puts neighbours at every edge where a carry could leak: the highest tenant, database, kind
// and suffix.
func TestSpace_BoundsAtTheEdges(t *testing.T) {
	s := openOn(t, vfs.NewMem(), "/s")
	defer s.Close()
	tenants := []uint64{1, 2, 0xff, 0x100, 1<<64 - 2, 1<<64 - 1}
	databases := []tenancy.DatabaseID{0, 1, 0xff, 0x100, 1<<32 - 1}
	suffixes := [][]byte{nil, {0}, {0xff}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	b := s.NewBatch()
	for _, n := range tenants {
		for _, db := range databases {
			for _, kind := range []Kind{Node, 0xff, 0} {
				for _, suffix := range suffixes {
					b.Space(id(n), db).Set(kind, suffix, fmt.Appendf(nil, "%d/%d/%c/%x", n, db, kind, suffix))
				}
			}
		}
	}
	b.System().Set(Tenants, []byte{0xff}, []byte("system"))
	if err := b.Commit(1, 1); err != nil {
		t.Fatal(err)
	}
	for _, n := range tenants {
		for _, db := range databases {
			for _, kind := range []Kind{Node, 0xff, 0} {
				got := records(t, s.Space(id(n), db), kind, nil)
				var want []string
				for _, suffix := range suffixes {
					want = append(want, fmt.Sprintf("%x=%x", suffix, fmt.Appendf(nil, "%d/%d/%c/%x", n, db, kind, suffix)))
				}
				if !slices.Equal(got, want) {
					t.Fatalf("tenant %d database %d kind %#x: %v, not %v", n, db, byte(kind), got, want)
				}
				if got := records(t, s.Space(id(n), db), kind, []byte{0xff}); len(got) != 2 {
					t.Fatalf("from 0xff: %v", got)
				}
			}
		}
	}
	d := s.NewBatch()
	d.Space(id(0xff), 0xff).DropAll()
	d.DropTenant(id(1<<64 - 1))
	if err := d.Commit(2, 1); err != nil {
		t.Fatal(err)
	}
	for _, n := range tenants {
		for _, db := range databases {
			want := len(suffixes)
			if n == 1<<64-1 || n == 0xff && db == 0xff {
				want = 0
			}
			if got := records(t, s.Space(id(n), db), Node, nil); len(got) != want {
				t.Fatalf("after the drops tenant %d database %d has %v", n, db, got)
			}
		}
	}
}

// TestSpace_InterleavedAsEachAlone: two spaces written in one store behave as two maps.
func TestSpace_InterleavedAsEachAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := openOn(t, vfs.NewMem(), "/s")
		defer s.Close()
		type spaceID struct {
			tenant   uint64
			database tenancy.DatabaseID
		}
		ids := []spaceID{{1, 0}, {1, 1}, {2, 0}}
		model := map[spaceID]map[string]string{}
		for _, i := range ids {
			model[i] = map[string]string{}
		}
		check := func(view func(spaceID) Space) {
			for _, i := range ids {
				for _, kind := range []Kind{Node, Name} {
					var want []string
					for _, k := range slices.Sorted(maps.Keys(model[i])) {
						if k[0] == byte(kind) {
							want = append(want, fmt.Sprintf("%x=%x", k[1:], model[i][k]))
						}
					}
					if got := records(t, view(i), kind, nil); !slices.Equal(got, want) {
						t.Fatalf("%v: %v, not %v", i, got, want)
					}
				}
			}
		}
		for index := uint64(1); index <= uint64(rapid.IntRange(1, 6).Draw(t, "batches")); index++ {
			b := s.NewBatch()
			for range rapid.IntRange(0, 12).Draw(t, "writes") {
				i := rapid.SampledFrom(ids).Draw(t, "space")
				kind := rapid.SampledFrom([]Kind{Node, Name}).Draw(t, "kind")
				suffix := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff}), 0, 3).Draw(t, "suffix")
				key := string(byte(kind)) + string(suffix)
				sp := b.Space(id(i.tenant), i.database)
				switch rapid.IntRange(0, 9).Draw(t, "what") {
				case 0:
					sp.DropAll()
					model[i] = map[string]string{}
				case 1, 2:
					sp.Delete(kind, suffix)
					delete(model[i], key)
				default:
					value := fmt.Sprint(rapid.IntRange(0, 99).Draw(t, "value"))
					sp.Set(kind, suffix, []byte(value))
					model[i][key] = value
				}
				got, found, err := sp.Read(kind, suffix)
				want, exists := model[i][key]
				if err != nil || found != exists || string(got) != want {
					t.Fatalf("the batch reads %q %v (%v), not %q %v", got, found, err, want, exists)
				}
			}
			check(func(i spaceID) Space { return b.Space(id(i.tenant), i.database).Space })
			if err := b.Commit(index, 1); err != nil {
				t.Fatal(err)
			}
			check(func(i spaceID) Space { return s.Space(id(i.tenant), i.database) })
		}
	})
}

func TestSnapshot_StaysAsItWas(t *testing.T) {
	s := openOn(t, vfs.NewMem(), "/s")
	defer s.Close()
	write := func(index uint64, value string) {
		b := s.NewBatch()
		b.Space(id(1), 0).Set(Node, nil, []byte(value))
		b.System().Set(Tenants, nil, []byte(value))
		if err := b.Commit(index, 1); err != nil {
			t.Fatal(err)
		}
	}
	write(1, "old")
	view := s.Snapshot()
	write(2, "new")
	got, _, err := view.Space(id(1), 0).Read(Node, nil)
	system, _, err2 := view.System().Read(Tenants, nil)
	if index, _ := view.Applied(); err != nil || err2 != nil || index != 1 || string(got) != "old" || string(system) != "old" {
		t.Fatalf("the view of index %d reads %q and %q", index, got, system)
	}
	if err := view.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCrash_LeavesAnOrderedPrefix: after a crash the store is exactly what it was at its applied index.
func TestCrash_LeavesAnOrderedPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewCrashableMem()
		s := openOn(t, fs, "/s")
		syncRoot(t, fs)
		last := uint64(rapid.IntRange(1, 25).Draw(t, "batches"))
		for index := uint64(1); index <= last; index++ {
			b := s.NewBatch()
			for part := range uint64(3) {
				b.Space(id(part+1), 0).Set(Node, AppendID(nil, index), make([]byte, rapid.IntRange(0, 4_000).Draw(t, "size")))
			}
			b.Space(id(1), 0).Set(Meta, nil, AppendID(nil, index))
			if err := b.Commit(index, 1); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 20).Draw(t, "flush") == 0 {
				if err := s.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		crashed := openOn(t, fs.CrashClone(vfs.CrashCloneCfg{}), "/s")
		defer crashed.Close()
		applied, _ := crashed.Applied()
		if applied > last {
			t.Fatalf("applied %d of %d", applied, last)
		}
		for part := range uint64(3) {
			if got := records(t, crashed.Space(id(part+1), 0), Node, nil); uint64(len(got)) != applied {
				t.Fatalf("space %d has %d records at applied %d", part, len(got), applied)
			}
		}
		meta, found, err := crashed.Space(id(1), 0).Read(Meta, nil)
		if err != nil || found != (applied > 0) || found && !bytes.Equal(meta, AppendID(nil, applied)) {
			t.Fatalf("meta %x at applied %d (%v)", meta, applied, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func syncRoot(t rapid.TB, fs vfs.FS) {
	t.Helper()
	if err := (Files{fs}).SyncDir("/"); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpoint_OpensAndEquals(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs, "/s")
	defer s.Close()
	for index := uint64(1); index <= 50; index++ {
		b := s.NewBatch()
		b.Space(id(index%3+1), 0).Set(Node, AppendID(nil, index), make([]byte, 1000))
		if err := b.Commit(index, 4); err != nil {
			t.Fatal(err)
		}
	}
	index, term, err := s.Checkpoint("/copy")
	if err != nil || index != 50 || term != 4 {
		t.Fatalf("%d, %d, %v", index, term, err)
	}
	if _, _, err := s.Checkpoint("/copy"); err == nil {
		t.Fatal("a checkpoint over another")
	}
	b := s.NewBatch()
	b.DropTenant(id(1))
	if err := b.Commit(51, 4); err != nil {
		t.Fatal(err)
	}
	copied := openOn(t, fs, "/copy")
	defer copied.Close()
	total := 0
	for n := range uint64(3) {
		total += len(records(t, copied.Space(id(n+1), 0), Node, nil))
	}
	if total != 50 {
		t.Fatalf("%d records in the checkpoint", total)
	}
}

func TestOpen_RefusesWhatIsForeign(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs, "/s")
	b := s.NewBatch()
	b.System().Set(systemFormat, nil, []byte{0, 0, 0, 99})
	if err := b.Commit(1, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("/s", Options{}.WithFS(fs)); !errors.Is(err, ErrForeign) {
		t.Fatalf("another format: %v", err)
	}
	names, err := fs.List("/s")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "MANIFEST") {
			if err := fs.Remove("/s/" + name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Open("/s", Options{}.WithFS(fs)); err == nil || !strings.Contains(err.Error(), "move the directory away") {
		t.Fatalf("a torn directory: %v", err)
	}
}

func TestFiles_WhatIsSyncedStays(t *testing.T) {
	fs := vfs.NewCrashableMem()
	f := Files{fs}
	if err := f.MakeDir("/d"); err != nil {
		t.Fatal(err)
	}
	file, err := f.Create("/d/a")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(file, "text")
	if err := errors.Join(err, file.Sync(), file.Close(), f.Rename("/d/a", "/d/b"), f.SyncDir("/d")); err != nil {
		t.Fatal(err)
	}
	after := Files{fs.CrashClone(vfs.CrashCloneCfg{})}
	names, err := after.List("/d")
	size, err2 := after.Size("/d/b")
	if err != nil || err2 != nil || !slices.Equal(names, []string{"b"}) || size != 4 || after.IsDir("/d/b") || !after.Exists("/d/b") {
		t.Fatalf("%v, %d bytes (%v, %v)", names, size, err, err2)
	}
}
