package store

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestLive_SwapsAtomically(t *testing.T) {
	fs := vfs.NewCrashableMem()
	o := Options{}.WithFS(fs)
	if err := o.Files().MakeDir("/data"); err != nil {
		t.Fatal(err)
	}
	live := NewLive("/data", o)
	first, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := fs.PathBase(first.Dir()); got != "store-1" {
		t.Fatalf("the first store is %s", got)
	}
	next, err := live.Next()
	if err != nil || fs.PathBase(next) != "store-2" {
		t.Fatalf("%s, %v", next, err)
	}
	b := first.NewBatch()
	if err := b.Commit(9, 1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.Checkpoint(next); err != nil {
		t.Fatal(err)
	}
	applied := func(fs vfs.FS) (uint64, []string) {
		o := Options{}.WithFS(fs)
		s, err := NewLive("/data", o).Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		names, err := o.Files().List("/data")
		if err != nil {
			t.Fatal(err)
		}
		index, _ := s.Applied()
		return index, names
	}
	before := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := live.Point(next); err != nil {
		t.Fatal(err)
	}
	after := fs.CrashClone(vfs.CrashCloneCfg{})
	if _, names := applied(before); !slices.Contains(names, "store-1") || slices.Contains(names, "store-2") {
		t.Fatalf("before pointing: %v", names)
	}
	if index, names := applied(after); index != 9 || slices.Contains(names, "store-1") {
		t.Fatalf("after pointing: index %d, %v", index, names)
	}
	if err := live.Remove(next); err == nil {
		t.Fatal("the live store was removed")
	}
	if err := errors.Join(first.Close(), live.Remove(first.Dir())); err != nil {
		t.Fatal(err)
	}
}

func TestLive_RefusesATornDirectory(t *testing.T) {
	for name, tear := range map[string]func(Files) error{
		"no CURRENT":           func(f Files) error { return f.Remove("/data/CURRENT") },
		"a CURRENT of nothing": func(f Files) error { return errors.Join(f.Remove("/data/store-1"), f.MakeDir("/data/x")) },
		"a CURRENT of junk": func(f Files) error {
			file, err := f.Create("/data/CURRENT")
			if err != nil {
				return err
			}
			_, err = file.Write([]byte("../../etc\n"))
			return errors.Join(err, file.Close())
		},
	} {
		o := Options{}.WithFS(vfs.NewMem())
		s, err := NewLive("/data", o).Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Close(), tear(o.Files())); err != nil {
			t.Fatal(err)
		}
		if _, err := NewLive("/data", o).Open(o); err == nil || !strings.Contains(err.Error(), "torn") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
