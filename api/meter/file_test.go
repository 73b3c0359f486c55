package meter

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

func ownHeader() header { return header{incarnation: 7, node: "n1", cluster: "c", boot: "boot"} }

// written makes a file with one tenant in it and leaves it as a kill would.
func written(t *testing.T, dir string) *file {
	t.Helper()
	f, err := create(filepath.Join(dir, fileName+"7"), ownHeader())
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.take()
	if err != nil {
		t.Fatal(err)
	}
	s.name(tenancy.IDFromNumber(3), 202611, 7)
	s.count(true, ledger.Units{Requests: 1, Writes: 1})
	s.count(false, ledger.Units{Requests: 1})
	s.bytesOut.Add(100)
	s.computeUs.Add(1999)
	return f
}

func read(dir string, own header) ([]past, error) {
	return readPast(dir, own, slog.New(slog.DiscardHandler))
}

func TestFile_KillLosesNothing(t *testing.T) {
	if size := unsafe.Sizeof(slot{}); size != slotBytes {
		t.Fatalf("a slot of %d bytes, not %d", size, slotBytes)
	}
	dir := t.TempDir()
	f := written(t, dir)
	list, err := read(dir, ownHeader())
	at := place{tenancy.IDFromNumber(3), 202611}
	want := ledger.Totals{Requests: 2, Writes: 1, Reads: 1, BytesOut: 100, ComputeMs: 1}
	if err != nil || len(list) != 1 || !list[0].trusted || list[0].spent[at] != want || list[0].drawn[at] != (ledger.Units{Requests: 2, Writes: 1}) {
		t.Fatalf("%+v (%v)", list, err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	other := ownHeader()
	other.boot = "another"
	if list, err := read(dir, other); err != nil || len(list) != 1 || !list[0].trusted || list[0].spent[at] != want {
		t.Fatalf("a file that was closed is trusted whatever the boot: %+v (%v)", list, err)
	}
}

func TestFile_APowerLossIsNotTrusted(t *testing.T) {
	for _, boot := range []string{"another", ""} {
		dir := t.TempDir()
		written(t, dir)
		own := ownHeader()
		own.boot = boot
		list, err := read(dir, own)
		if err != nil || len(list) != 1 || list[0].trusted || list[0].spent != nil {
			t.Errorf("boot %q: %+v (%v)", boot, list, err)
		}
	}
}

func TestFile_TornOrForeign(t *testing.T) {
	for _, one := range []struct {
		name    string
		spoil   func(raw []byte) []byte
		refused string
	}{
		{"empty", func([]byte) []byte { return nil }, ""},
		{"header cut", func(raw []byte) []byte { return raw[:20] }, ""},
		{"header changed", func(raw []byte) []byte { raw[18]++; return raw }, ""},
		{"other bytes", func(raw []byte) []byte { raw[0]++; return raw }, ""},
		{"a segment cut", func(raw []byte) []byte { return raw[:len(raw)-9] }, ""},
		{"a name torn", func(raw []byte) []byte { raw[headerBytes+8]++; return raw }, ""},
		{"another number", func(raw []byte) []byte { copy(raw, header{8, "n1", "c", "boot"}.encode()); return raw }, ""},
		{"another node", func(raw []byte) []byte { copy(raw, header{7, "n2", "c", "boot"}.encode()); return raw }, "belongs to another node"},
		{"another cluster", func(raw []byte) []byte { copy(raw, header{7, "n1", "d", "boot"}.encode()); return raw }, "belongs to another node"},
	} {
		dir := t.TempDir()
		f := written(t, dir)
		raw, err := os.ReadFile(f.path)
		if err == nil {
			err = os.WriteFile(f.path, one.spoil(raw), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		list, err := read(dir, ownHeader())
		switch {
		case one.refused != "" && (err == nil || !strings.Contains(err.Error(), one.refused)):
			t.Errorf("%s: %v", one.name, err)
		case one.refused == "" && (err != nil || len(list) != 1 || list[0].trusted || list[0].incarnation != 7):
			t.Errorf("%s: %+v (%v)", one.name, list, err)
		}
	}
}

func TestFile_RefusesWhatIsNotItsOwn(t *testing.T) {
	for _, name := range []string{"notes.txt", fileName + "x", fileName + "0"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(dir, ownHeader()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	for i := range maxPast + 1 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(fileName, i+1)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := read(dir, ownHeader()); err == nil || !strings.Contains(err.Error(), "wait to be settled") {
		t.Error(err)
	}
	long := ownHeader()
	long.node = strings.Repeat("n", maxName+1)
	if _, err := create(filepath.Join(dir, "x"), long); err == nil {
		t.Error("a name that does not fit")
	}
	if _, err := create(filepath.Join(dir, fileName+"1"), ownHeader()); err == nil {
		t.Error("a file that is there already")
	}
}

// TestFile_EmptyOnesGo: a process that counted nothing left nothing to settle, so a node that cannot start leaves no heap of
// files.
func TestFile_EmptyOnesGo(t *testing.T) {
	dir := t.TempDir()
	if _, err := create(filepath.Join(dir, fileName+"7"), ownHeader()); err != nil {
		t.Fatal(err)
	}
	list, err := read(dir, ownHeader())
	left, _ := os.ReadDir(dir)
	if err != nil || len(list) != 0 || len(left) != 0 {
		t.Fatalf("%+v, %d files (%v)", list, len(left), err)
	}
}

func TestFile_IsFullAtItsBound(t *testing.T) {
	f, err := create(filepath.Join(t.TempDir(), fileName+"7"), ownHeader())
	if err != nil {
		t.Fatal(err)
	}
	var last *slot
	for i := range maxSegments * segmentSlots {
		if last, err = f.take(); err != nil {
			t.Fatalf("slot %d: %v", i, err)
		}
		last.name(tenancy.IDFromNumber(uint64(i+1)), 202611, 7)
	}
	if _, err := f.take(); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	f.giveBack(last)
	if again, err := f.take(); again != last || err != nil || again.tenant.Load() != 0 {
		t.Fatal("a slot that was given back is not clean")
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add(ownHeader().encode())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h, err := decodeHeader(raw); err == nil && string(h.encode()) != string(raw[:len(h.encode())]) {
			t.Fatalf("%+v is not what was read", h)
		}
	})
}

// TestFile_UnknownIsEnforcedAndNotBilled: what nobody knows counts as spent.
func TestFile_UnknownIsEnforcedAndNotBilled(t *testing.T) {
	r := newRig(t, 1, monthly(1, 1000))
	defer r.close()
	n, id := r.nodes[0], tenancy.IDFromNumber(1)
	for range 5 {
		if err := n.ask(id, false); err != nil {
			t.Fatal(err)
		}
	}
	n.kill()
	path := n.file.path
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[20]++
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	granted := r.view().Book(id).Months[0].Committed().Requests
	n.open()
	awaitReal(t, func() bool { return n.Figures().Past == 0 })
	month := r.view().Book(id).Months[0]
	if month.Committed().Requests < granted || month.Lost.Requests == 0 || month.Totals.Requests > 5 {
		t.Errorf("%d were granted: %+v", granted, month)
	}
}
