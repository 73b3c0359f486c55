package meter

import (
	"encoding/binary"
	"hash/crc32"
	"sync/atomic"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

const (
	// slotWords and slotBytes are the size of a slot: two cache lines, so that tenants do not share one.
	slotWords = 16
	slotBytes = slotWords * 8
)

// slot counts what one tenant spent in one period, in the file. Its words are moved by atomic adds; the name is written
// before the first of them, tenant last: a slot without one was never used.
type slot struct {
	tenant atomic.Uint64
	period atomic.Uint64
	check  atomic.Uint64

	drawnRequests, drawnWrites atomic.Uint64
	requests, writes, reads    atomic.Uint64
	rowsOut, bytesIn, bytesOut atomic.Uint64
	computeUs                  atomic.Uint64
	spare                      [slotWords - 12]atomic.Uint64
}

// name begins to use a slot.
func (s *slot) name(id tenancy.ID, period ledger.Period, incarnation uint64) {
	s.clear()
	s.period.Store(uint64(period))
	s.check.Store(checkOf(id.Number(), uint64(period), incarnation))
	s.tenant.Store(id.Number())
}

// clear makes a slot one that was never used.
func (s *slot) clear() {
	s.tenant.Store(0)
	for _, word := range []*atomic.Uint64{
		&s.period, &s.check, &s.drawnRequests, &s.drawnWrites, &s.requests, &s.writes, &s.reads, &s.rowsOut, &s.bytesIn, &s.bytesOut, &s.computeUs,
	} {
		word.Store(0)
	}
}

// intact reports whether the name is what was written.
func (s *slot) intact(incarnation uint64) bool {
	return s.check.Load() == checkOf(s.tenant.Load(), s.period.Load(), incarnation)
}

func checkOf(tenant, period, incarnation uint64) uint64 {
	var raw [24]byte
	binary.LittleEndian.PutUint64(raw[0:], tenant)
	binary.LittleEndian.PutUint64(raw[8:], period)
	binary.LittleEndian.PutUint64(raw[16:], incarnation)
	return uint64(crc32.ChecksumIEEE(raw[:])) | 1<<32 // never 0
}

// count adds what a request was charged; drawn comes last, so that whatever is drawn is counted as spent.
func (s *slot) count(write bool, drawn ledger.Units) {
	s.requests.Add(1)
	if write {
		s.writes.Add(1)
	} else {
		s.reads.Add(1)
	}
	if drawn.Requests != 0 {
		s.drawnRequests.Add(drawn.Requests)
	}
	if drawn.Writes != 0 {
		s.drawnWrites.Add(drawn.Writes)
	}
}

// drawn is read before spent.
func (s *slot) drawn() ledger.Units {
	return ledger.Units{Requests: s.drawnRequests.Load(), Writes: s.drawnWrites.Load()}
}

func (s *slot) spent() ledger.Totals {
	return ledger.Totals{
		Requests: s.requests.Load(), Writes: s.writes.Load(), Reads: s.reads.Load(), RowsOut: s.rowsOut.Load(),
		BytesIn: s.bytesIn.Load(), BytesOut: s.bytesOut.Load(), ComputeMs: s.computeUs.Load() / 1000,
	}
}
