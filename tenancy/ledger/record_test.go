package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

var rewrite = flag.Bool("rewrite", false, "write golden files that do not exist yet")

// golden compares bytes with a file of hexadecimal digits, which is never rewritten once it exists.
func golden(t *testing.T, name string, have []byte) {
	t.Helper()
	path := "testdata/" + name + ".hex"
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && *rewrite {
		if err := os.WriteFile(path, []byte(hex.EncodeToString(have)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(have) != strings.TrimSpace(string(want)) {
		t.Errorf("%s: bytes changed:\n%x\n%s", name, have, want)
	}
}

var sampleTenant, secondTenant = tenancy.IDFromNumber(1), tenancy.IDFromNumber(300)

func sampleTotals() Totals { return Totals{1, 200, 3, 70_000, 5, 1 << 40, 7} }

func sampleCluster() *Cluster {
	return &Cluster{Seq: 900, Period: 202611, LastNode: 9, Nodes: []Node{
		{Number: 1, ID: "6d1f", Incarnation: 3, Renewed: 12, RenewedSeq: 899, Confirmed: 898, ExpiredSeq: 7, JoinedSeq: 1, FlooredSeq: 1},
		{Number: 9, ID: "77ab", Incarnation: 1, JoinedSeq: 900, ExpiredSeq: 900, Departed: true},
	}}
}

func sampleBook() *Book {
	return &Book{
		Tenant: secondTenant,
		Months: []Month{
			{Period: 202610, Seq: 5, Acked: 4, Totals: sampleTotals(), Lost: Units{1, 0}, Storage: Storage{PeakBytes: 9, LastBytes: 8, LastMs: 7, SinceMs: 6, high: 1, low: 2}},
			{Period: 202611, Seq: 2, Totals: Totals{Requests: 10}, Leases: []Lease{
				{Node: 1, Incarnation: 3, Granted: Units{100, 20}, Returned: Units{1, 2}, Drawn: Units{10, 0}, Spent: Totals{Requests: 10}},
				{Node: 2, Incarnation: 1, Closed: true},
			}},
		},
		Floor:  Floor{Rate{1_666_666, 1}, 800},
		Shares: []Share{{Node: 1, Rate: Rate{5_000_000, 10}, Held: Rate{6_000_000, 12}, Seq: 850, Fill: 3}},
	}
}

func sampleTick() *Tick {
	return &Tick{
		Period: 202611, Opens: []Open{{"6d1f", 3}}, Renews: []Renew{{1, 3, 12, 899}}, Expires: []Expire{{2, 700}}, Turns: []Turn{{secondTenant, 202611}},
		Settles: []Settle{
			{Tenant: sampleTenant, Node: 1, Incarnation: 3, Period: 202611, Returned: Units{1, 2}, Drawn: Units{3, 4}, Spent: sampleTotals()},
			{Tenant: secondTenant, Node: 2, Incarnation: 1, Period: 202610, Closed: true, Unknown: true},
		},
		GiveUps: []GiveUp{{sampleTenant, 1, 40}}, Grants: []Grant{{sampleTenant, 1, 3, 202611, Units{416, 1}}},
		Shares: []SetShare{{sampleTenant, 1, Rate{95_000_000, 197}, 150}}, Acks: []Ack{{sampleTenant, 202610, 77}},
	}
}

func sampleReport() *Report {
	return &Report{Node: "6d1f", Incarnation: 3, Seq: 12, Applied: 899, Entries: []Entry{
		{Tenant: sampleTenant, Period: 202611, Incarnation: 3, Returned: Units{1, 2}, Drawn: Units{3, 4}, Spent: sampleTotals(), AskRequests: true, Demand: 120, Starved: true, GaveUp: 40},
		{Tenant: secondTenant, Period: 202610, Incarnation: 2, Closed: true, Unknown: true, AskWrites: true},
	}}
}

// roundTrip encodes, compares with the golden bytes, decodes, and then refuses every prefix and every tail.
func roundTrip[T any](t *testing.T, name string, value *T, encode func(*T) ([]byte, error), decode func([]byte) (*T, error)) {
	t.Helper()
	data, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name, data)
	back, err := decode(data)
	if err != nil || !reflect.DeepEqual(back, value) {
		t.Errorf("%s: %+v comes back as %+v, %v", name, value, back, err)
	}
	for i := range data {
		if _, err := decode(data[:i]); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: the first %d bytes decode: %v", name, i, err)
		}
	}
	if _, err := decode(append(bytes.Clone(data), 0)); !errors.Is(err, ErrFormat) {
		t.Errorf("%s: a byte too many decodes: %v", name, err)
	}
	data[0] = 2
	if _, err := decode(data); !errors.Is(err, ErrFormat) {
		t.Errorf("%s: another format decodes: %v", name, err)
	}
}

func TestRecords_GoldenBytes(t *testing.T) {
	roundTrip(t, "cluster", sampleCluster(), EncodeCluster, DecodeCluster)
	roundTrip(t, "book", sampleBook(), EncodeBook, DecodeBook)
	roundTrip(t, "tick", sampleTick(), EncodeTick, DecodeTick)
	roundTrip(t, "report", sampleReport(), EncodeReport, DecodeReport)
}

func TestTick_CheckRefuses(t *testing.T) {
	for name, change := range map[string]func(*Tick){
		"period":       func(t *Tick) { t.Period = 202613 },
		"twice":        func(t *Tick) { t.Settles = append(t.Settles, t.Settles[1]) },
		"nobody":       func(t *Tick) { t.Grants[0].Tenant = tenancy.ID{} },
		"huge grant":   func(t *Tick) { t.Grants[0].Units.Requests = MaxRoom + 1 },
		"huge count":   func(t *Tick) { t.Settles[0].Spent.BytesIn = 1 << 63 },
		"open unknown": func(t *Tick) { t.Settles[1].Closed = false },
		"fill":         func(t *Tick) { t.Shares[0].Fill = 198 },
		"rate":         func(t *Tick) { t.Shares[0].Rate.PerSecond = MaxRate*Micro + 1 },
		"id":           func(t *Tick) { t.Opens[0].ID = "a b" },
		"long id":      func(t *Tick) { t.Opens[0].ID = strings.Repeat("a", MaxNodeID+1) },
		"no node":      func(t *Tick) { t.Expires[0].Node = 0 },
		"no report":    func(t *Tick) { t.Renews[0].Report = 0 },
		"too many":     func(t *Tick) { t.Acks = make([]Ack, MaxTickItems+1) },
	} {
		tick := sampleTick()
		change(tick)
		if tick.Check() == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := EncodeTick(tick); err == nil {
			t.Errorf("%s: encoded", name)
		}
		if _, err := Apply(&machineState{}, tick); err == nil {
			t.Errorf("%s: applied", name)
		}
	}
}

func TestReport_CheckRefuses(t *testing.T) {
	for name, change := range map[string]func(*Report){
		"node":        func(r *Report) { r.Node = "" },
		"number":      func(r *Report) { r.Seq = 0 },
		"order":       func(r *Report) { r.Entries[0], r.Entries[1] = r.Entries[1], r.Entries[0] },
		"incarnation": func(r *Report) { r.Entries[0].Incarnation = 4 },
		"unknown":     func(r *Report) { r.Entries[1].Closed = false },
		"too many":    func(r *Report) { r.Entries = make([]Entry, MaxReportEntries+1) },
	} {
		r := sampleReport()
		change(r)
		if NewPlanner(LeaseDuration, 0).Report(r, 0) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// fuzz feeds a decoder: it never panics, and what it takes is written back as it was.
func fuzz[T any](f *testing.F, value *T, encode func(*T) ([]byte, error), decode func([]byte) (*T, error)) {
	seed, err := encode(value)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := decode(data)
		if err != nil {
			return
		}
		if again, err := encode(value); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x comes back as %x, %v", data, again, err)
		}
	})
}

func FuzzDecodeCluster(f *testing.F) { fuzz(f, sampleCluster(), EncodeCluster, DecodeCluster) }
func FuzzDecodeBook(f *testing.F)    { fuzz(f, sampleBook(), EncodeBook, DecodeBook) }
func FuzzDecodeTick(f *testing.F)    { fuzz(f, sampleTick(), EncodeTick, DecodeTick) }
func FuzzDecodeReport(f *testing.F)  { fuzz(f, sampleReport(), EncodeReport, DecodeReport) }
