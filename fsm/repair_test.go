package fsm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store/storetest"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// pair is a machine, and a second one that was fed the same log and whose store was then changed while it was closed.
type pair struct {
	*rig
	fs     vfs.FS
	sick   *Machine
	tenant tenancy.ID
	other  tenancy.ID
}

const (
	sound   = "a sound property"
	unsound = "another property"
)

func texts(d *graph.Draft) {
	for i := range 200 {
		text := fmt.Sprintf("property %d", i)
		if i == 100 {
			text = sound
		}
		if _, err := d.CreateNode([]string{"Text"}, value.NewMap([]string{"text"}, []value.Value{value.String(text)})); err != nil {
			panic(err)
		}
	}
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{rig: newRig(t), fs: vfs.NewCrashableMem()}
	p.tenant, p.other = p.rig.tenant("acme"), p.rig.tenant("globex")
	for _, one := range []tenancy.ID{p.tenant, p.other} {
		p.must(p.write(one, 0, texts))
	}
	second := openMachine(t, p.fs)
	second.ApplyBatch(p.log)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if err := storetest.ReplaceText("/node", p.fs, p.tenant, 0, sound, unsound); err != nil {
		t.Fatal(err)
	}
	p.sick = openMachine(t, p.fs)
	t.Cleanup(func() { _ = p.sick.Close() })
	return p
}

// both applies commands on both machines, as one entry.
func (p *pair) both(commands ...Command) *hraft.Log {
	p.t.Helper()
	p.apply(commands...)
	entry := p.log[len(p.log)-1]
	p.sick.Apply(entry)
	return entry
}

// mark lets both apply a mark of the first one's, and returns what the second one says.
func (p *pair) mark() (uint64, []Vote) {
	p.t.Helper()
	mark, _ := p.m.NextMark(p.header(), 0)
	entry := p.both(mark)
	votes, known := p.sick.Votes(entry.Index)
	if !known {
		p.t.Fatal("a mark just applied is not known")
	}
	return entry.Index, votes
}

func (p *pair) entries(first, last uint64, visit func(*hraft.Log) error) error {
	for ; first <= last; first++ {
		if err := visit(p.log[first-1]); err != nil {
			return err
		}
	}
	return nil
}

func (p *pair) damaged(votes []Vote) (count int) {
	for _, v := range votes {
		if !v.Whole {
			count++
		}
	}
	return count
}

// TestScenario_DamageIsFoundByLoad changes one property behind a node's back.
func TestScenario_DamageIsFoundByLoad(t *testing.T) {
	p := newPair(t)
	if _, votes := p.mark(); p.damaged(votes) != 0 {
		t.Fatalf("damage is known before anybody looked: %v", votes)
	}
	if _, err := p.sick.Graph(p.tenant, 0); !errors.Is(err, ErrDamaged) {
		t.Fatalf("a damaged database loads: %v", err)
	}
	select {
	case <-p.sick.Damaged():
	default:
		t.Fatal("nobody is told of the damage")
	}
	if _, err := p.sick.Graph(p.other, 0); err != nil {
		t.Fatalf("the other database does not load: %v", err)
	}
	index, votes := p.mark()
	own, _ := p.m.Votes(index)
	if p.damaged(votes) != 1 || votes[0].Whole || votes[0].Digest == own[0].Digest || votes[1] != own[1] {
		t.Fatalf("at the mark:\n%+v\n%+v", votes, own)
	}
	if found := p.sick.Disagreements(); len(found) != 1 || found[0].Tenant != p.tenant || found[0].Index != index {
		t.Fatalf("the mark named %+v", found)
	}
	_, list := p.sick.Digests()
	if !list[0].Damaged || list[1].Damaged || list[0].Meta.Digest != votes[0].Digest {
		t.Fatalf("digests %+v", list)
	}
	if err := p.sick.CheckWritable(p.tenant, 0); !errors.Is(err, ErrDamaged) {
		t.Fatalf("writes go on: %v", err)
	}
}

// TestScrub_FindsDamageOfAColdDatabase goes round by bounded steps.
func TestScrub_FindsDamageOfAColdDatabase(t *testing.T) {
	p := newPair(t)
	round(t, p.m)
	round(t, p.sick)
	round(t, p.sick) // what is known to be damaged is not recounted
	_, list := p.sick.Digests()
	if !list[0].Damaged || list[1].Damaged || p.sick.Resident(p.tenant, 0) {
		t.Fatalf("the scrub left %+v", list)
	}
	if _, list := p.m.Digests(); list[0].Damaged || list[1].Damaged {
		t.Fatalf("the scrub damaged %+v", list)
	}
}

func round(t *testing.T, m *Machine) {
	t.Helper()
	for range 1000 {
		done, err := m.ScrubStep()
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
	}
	t.Fatal("the scrub does not end")
}

// TestScrub_EndsWithTheStore closes and replaces a store in the middle of a database.
func TestScrub_EndsWithTheStore(t *testing.T) {
	p := newPair(t)
	if _, err := p.sick.ScrubStep(); err != nil {
		t.Fatal(err)
	}
	take(t, p.m)
	transfer(t, p.m, p.sick)
	if _, err := p.sick.ScrubStep(); err != nil {
		t.Fatal(err)
	}
	if err := p.sick.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.sick.ScrubStep(); !errors.Is(err, errClosed) {
		t.Fatalf("a step of a closed machine: %v", err)
	}
}

// TestAdopt_MakesWholeWhileTheLogGoesOn fetches a store that is behind, and another that is ahead.
func TestAdopt_MakesWholeWhileTheLogGoesOn(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		t.Run(fmt.Sprintf("ahead %v", ahead), func(t *testing.T) {
			p := newPair(t)
			if _, err := p.sick.Graph(p.tenant, 0); !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			watch := p.sick.Watch(RequestID{9}, p.term)
			var late *hraft.Log
			if ahead {
				p.must(p.write(p.other, 0, create(5, 1)))
				late = p.log[len(p.log)-1]
			}
			raw := p.stream()
			if !ahead {
				for i := range 3 * catchUpEntries {
					p.both(p.write(p.tenant, 0, create(2, int64(i))))
				}
			} else {
				p.sick.Apply(late)
			}
			index, _ := p.mark()
			if err := p.sick.Adopt(t.Context(), bytes.NewReader(raw), []Place{{Tenant: p.tenant}}, p.entries); err != nil {
				t.Fatal(err)
			}
			if p.sick.Judge(Judgement{Index: index, Minority: []Place{{Tenant: p.tenant}}}) {
				t.Fatal("a judgement of the store that was replaced hits the new one")
			}
			p.both(p.write(p.tenant, 0, create(2, 7)))
			same(t, p.m, p.sick)
			loadAll(t, p.sick)
			select {
			case <-watch.Done():
				t.Fatal("what was watched ended, though no entry was jumped over")
			default:
			}
		})
	}
}

func (p *pair) stream() []byte {
	p.t.Helper()
	source, err := p.m.Stream()
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := io.ReadAll(source)
	if err := errors.Join(err, source.Close()); err != nil {
		p.t.Fatal(err)
	}
	return raw
}

// TestAdopt_RefusesAndLosesNothing gives it streams that help nobody.
func TestAdopt_RefusesAndLosesNothing(t *testing.T) {
	p := newPair(t)
	before := dump(t, p.sick)
	raw := p.stream()
	torn := bytes.Clone(raw)
	torn[len(torn)/2] ^= 1
	damagedToo, err := p.sick.Stream()
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	places := []Place{{Tenant: p.tenant}}
	gone := func(uint64, uint64, func(*hraft.Log) error) error { return hraft.ErrLogNotFound }
	for name, adopt := range map[string]func() error{
		"a torn stream":      func() error { return p.sick.Adopt(t.Context(), bytes.NewReader(torn), places, p.entries) },
		"a cut-off stream":   func() error { return p.sick.Adopt(t.Context(), bytes.NewReader(raw[:len(raw)-9]), places, p.entries) },
		"damaged there too":  func() error { return p.sick.Adopt(t.Context(), damagedToo, places, p.entries) },
		"the caller gave up": func() error { return p.sick.Adopt(cancelled, bytes.NewReader(raw), places, p.entries) },
		"the log is gone": func() error {
			p.both(p.write(p.other, 0, create(1, 1)))
			before = dump(t, p.sick)
			return p.sick.Adopt(t.Context(), bytes.NewReader(raw), places, gone)
		},
	} {
		if err := adopt(); err == nil {
			t.Errorf("%s was adopted", name)
		}
		if !bytes.Equal(before, dump(t, p.sick)) {
			t.Errorf("%s left something behind", name)
		}
	}
	if err := damagedToo.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := p.sick.config.Store.Files().List("/node"); err != nil || len(names) != 3 {
		t.Errorf("left on the disk: %v (%v)", names, err)
	}
}

// TestAdopt_KilledAtAnyPoint stops the disk at each of its writes: the node starts with the store it had or with the new
// one, and goes on with the log.
func TestAdopt_KilledAtAnyPoint(t *testing.T) {
	p := newPair(t)
	raw := p.stream()
	p.both(p.write(p.other, 0, create(3, 1)))
	var crashes []*vfs.MemFS
	mem := p.fs.(*vfs.MemFS)
	entries := func(first, last uint64, visit func(*hraft.Log) error) error {
		crashes = append(crashes, mem.CrashClone(vfs.CrashCloneCfg{}))
		return p.entries(first, last, visit)
	}
	if err := p.sick.store.Flush(); err != nil {
		t.Fatal(err)
	}
	crashes = append(crashes, mem.CrashClone(vfs.CrashCloneCfg{}))
	if err := p.sick.Adopt(t.Context(), bytes.NewReader(raw), []Place{{Tenant: p.tenant}}, entries); err != nil {
		t.Fatal(err)
	}
	crashes = append(crashes, mem.CrashClone(vfs.CrashCloneCfg{}))
	for i, fs := range crashes {
		m := openMachine(t, fs)
		if err := m.BeforeStart(uint64(len(p.log)), m.Snapshots()); err != nil {
			t.Fatalf("crash %d: %v", i, err)
		}
		m.ApplyBatch(p.log)
		if whole := i == len(crashes)-1; whole {
			same(t, p.m, m)
			loadAll(t, m)
		}
		if m.Applied() != p.m.Applied() {
			t.Fatalf("crash %d: at %d, not %d", i, m.Applied(), p.m.Applied())
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJudge_StopsAndLetsGoOn is the verdict's way into the machine.
func TestJudge_StopsAndLetsGoOn(t *testing.T) {
	p := newPair(t)
	first, _ := p.mark()
	second, _ := p.mark()
	place := Place{Tenant: p.other}
	if !p.sick.Judge(Judgement{Index: second, Minority: []Place{place}}) {
		t.Fatal("a judgement was refused")
	}
	if _, err := p.sick.Graph(p.other, 0); !errors.Is(err, ErrDamaged) {
		t.Fatalf("reads go on: %v", err)
	}
	if p.sick.Judge(Judgement{Index: first}) || p.sick.Judge(Judgement{Index: second + 100}) {
		t.Fatal("an old judgement, or one of an unknown mark, was taken")
	}
	third, _ := p.mark()
	if !p.sick.Judge(Judgement{Index: third, ReadOnly: []Place{place}}) {
		t.Fatal("a judgement was refused")
	}
	if _, err := p.sick.Graph(p.other, 0); err != nil {
		t.Fatalf("reads of a read-only database stop: %v", err)
	}
	if err := p.sick.CheckWritable(p.other, 0); !errors.Is(err, ErrReadOnly) {
		t.Fatalf("writes go on: %v", err)
	}
	fourth, _ := p.mark()
	if !p.sick.Judge(Judgement{Index: fourth}) || p.sick.CheckWritable(p.other, 0) != nil {
		t.Fatal("what was read-only stays so")
	}
}
