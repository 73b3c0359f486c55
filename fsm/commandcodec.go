package fsm

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// Bounds of what a command's fields may claim; what they may mean is checked in apply.
const (
	maxTextBytes   = 64 << 10
	maxRecordBytes = 64 << 10
)

func (*TermStart) kind() commandKind   { return kindTermStart }
func (c *TermStart) write(w *writer)   { w.text(c.NodeID) }
func (c *TermStart) read(r *reader)    { c.NodeID = r.text(maxNodeID) }
func (*ClusterInit) kind() commandKind { return kindClusterInit }

func (c *ClusterInit) write(w *writer) {
	w.text(c.ClusterID)
	w.uint(uint64(c.Epoch))
	w.encoded(tenancy.EncodeKeyRecord(&c.OperatorKey))
	w.uint(uint64(c.FeatureLevel))
	w.uint(c.MaxDatabaseBytes)
}

func (c *ClusterInit) read(r *reader) {
	c.ClusterID = r.text(maxClusterID)
	c.Epoch = r.uint32()
	c.OperatorKey = readKeyRecord(r)
	c.FeatureLevel = r.uint32()
	c.MaxDatabaseBytes = r.uint()
}

func (*CreateTenant) kind() commandKind { return kindCreateTenant }

func (c *CreateTenant) write(w *writer) {
	w.text(c.Name)
	w.text(c.UserID)
	w.text(c.Plan)
	w.value(&c.Explicit)
	w.value(&c.Limits)
}

func (c *CreateTenant) read(r *reader) {
	c.Name = r.text(maxTextBytes)
	c.UserID = r.text(maxTextBytes)
	c.Plan = r.text(maxTextBytes)
	r.value(&c.Explicit)
	r.value(&c.Limits)
}

func (*UpdateTenant) kind() commandKind { return kindUpdateTenant }
func (c *UpdateTenant) write(w *writer) { w.encoded(tenancy.EncodeAccount(&c.Account)) }

func (c *UpdateTenant) read(r *reader) {
	raw := r.bytes(maxRecordBytes)
	if r.err != nil {
		return
	}
	account, err := tenancy.DecodeAccount(raw)
	if err != nil {
		r.fail(err)
		return
	}
	c.Account = *account
}

func (*DeleteTenant) kind() commandKind { return kindDeleteTenant }
func (c *DeleteTenant) write(w *writer) { w.uint(c.Tenant.Number()) }
func (c *DeleteTenant) read(r *reader)  { c.Tenant = tenancy.IDFromNumber(r.uint()) }
func (*CreateKey) kind() commandKind    { return kindCreateKey }

func (c *CreateKey) write(w *writer) {
	w.encoded(tenancy.EncodeKeyRecord(&c.Record))
	w.bool(c.Rotation != nil)
	if c.Rotation != nil {
		w.text(c.Rotation.KeyID)
		w.int(c.Rotation.GraceMs)
	}
}

func (c *CreateKey) read(r *reader) {
	c.Record = readKeyRecord(r)
	if r.bool() {
		c.Rotation = &Rotation{KeyID: r.text(maxTextBytes), GraceMs: r.int()}
	}
}

func (*RevokeKey) kind() commandKind      { return kindRevokeKey }
func (c *RevokeKey) write(w *writer)      { w.text(c.KeyID) }
func (c *RevokeKey) read(r *reader)       { c.KeyID = r.text(maxTextBytes) }
func (*CreateDatabase) kind() commandKind { return kindCreateDatabase }

func (c *CreateDatabase) write(w *writer) {
	w.uint(c.Tenant.Number())
	w.text(c.Name)
}

func (c *CreateDatabase) read(r *reader) {
	c.Tenant = tenancy.IDFromNumber(r.uint())
	c.Name = r.text(maxTextBytes)
}

func (*DropDatabase) kind() commandKind { return kindDropDatabase }
func (c *DropDatabase) write(w *writer) { writePlace(w, c.Tenant, c.Database) }
func (c *DropDatabase) read(r *reader)  { c.Tenant, c.Database = readPlace(r) }
func (*GraphWrite) kind() commandKind   { return kindGraphWrite }

func (c *GraphWrite) write(w *writer) {
	writePlace(w, c.Tenant, c.Database)
	w.bool(c.Kept != nil)
	if c.Kept != nil {
		writeKept(w, c.Kept)
	}
	writeStamp(w, c.Changes.Base)
	writeStamp(w, c.Changes.Stamp)
	w.list(len(c.Changes.Strings))
	for _, s := range c.Changes.Strings {
		w.text(s)
	}
	w.uint(uint64(c.Changes.Count))
	w.bytes(c.Changes.Ops)
	w.bytes(c.Stats)
	w.bytes(c.Rows)
	w.bytes(c.Refusal)
}

func (c *GraphWrite) read(r *reader) {
	c.Tenant, c.Database = readPlace(r)
	if r.bool() {
		c.Kept = readKept(r)
	}
	c.Changes.Base = readStamp(r)
	c.Changes.Stamp = readStamp(r)
	if length := r.list(MaxCommandBytes); length > 0 {
		c.Changes.Strings = make([]string, length)
		for i := range c.Changes.Strings {
			c.Changes.Strings[i] = r.text(maxTextBytes)
		}
	}
	c.Changes.Count = int(r.uint32())
	c.Changes.Ops = r.bytes(MaxCommandBytes)
	c.Stats = r.bytes(MaxCommandBytes)
	c.Rows = r.bytes(MaxCommandBytes)
	c.Refusal = r.bytes(MaxCommandBytes)
}

func (*RaiseFeatureLevel) kind() commandKind { return kindRaiseFeatureLevel }
func (c *RaiseFeatureLevel) write(w *writer) { w.uint(uint64(c.Level)) }
func (c *RaiseFeatureLevel) read(r *reader)  { c.Level = r.uint32() }
func (*DigestMark) kind() commandKind        { return kindDigestMark }

func (c *DigestMark) write(w *writer) {
	w.list(len(c.Digests))
	for i := range c.Digests {
		d := &c.Digests[i]
		writePlace(w, d.Tenant, d.Database)
		writeStamp(w, d.Stamp)
		w.bytes(d.Digest[:])
	}
}

func (c *DigestMark) read(r *reader) {
	length := r.list(MaxMarkDigests)
	if length == 0 {
		return
	}
	c.Digests = make([]StampedDigest, length)
	for i := range c.Digests {
		d := &c.Digests[i]
		d.Tenant, d.Database = readPlace(r)
		d.Stamp = readStamp(r)
		r.fixed(d.Digest[:])
	}
}

func (*SetClock) kind() commandKind     { return kindSetClock }
func (c *SetClock) write(w *writer)     { w.int(c.NowMs) }
func (c *SetClock) read(r *reader)      { c.NowMs = r.int() }
func (*RemoveMember) kind() commandKind { return kindRemoveMember }
func (c *RemoveMember) write(w *writer) { w.text(c.NodeID) }
func (c *RemoveMember) read(r *reader)  { c.NodeID = r.text(maxNodeID) }

func (*MarkMember) kind() commandKind { return kindMarkMember }

func (c *MarkMember) write(w *writer) {
	w.text(c.NodeID)
	w.bool(c.Draining)
}

func (c *MarkMember) read(r *reader) {
	c.NodeID = r.text(maxNodeID)
	c.Draining = r.bool()
}

func (*LedgerTick) kind() commandKind { return kindLedgerTick }

func (c *LedgerTick) write(w *writer) {
	w.encoded(ledger.EncodeTick(c.Tick))
	w.list(len(c.Resident))
	for _, id := range c.Resident {
		w.uint(id.Number())
	}
}

func (c *LedgerTick) read(r *reader) {
	raw := r.bytes(MaxCommandBytes)
	if r.err != nil {
		return
	}
	tick, err := ledger.DecodeTick(raw)
	if err != nil {
		r.fail(err)
		return
	}
	c.Tick = tick
	for range r.list(MaxResident) {
		c.Resident = append(c.Resident, tenancy.IDFromNumber(r.uint()))
	}
}

func writePlace(w *writer, tenant tenancy.ID, database tenancy.DatabaseID) {
	w.uint(tenant.Number())
	w.uint(uint64(database))
}

func readPlace(r *reader) (tenancy.ID, tenancy.DatabaseID) {
	return tenancy.IDFromNumber(r.uint()), tenancy.DatabaseID(r.uint32())
}

func writeStamp(w *writer, s graph.Stamp) {
	w.uint(s.Term)
	w.uint(s.Sequence)
}

func readStamp(r *reader) graph.Stamp { return graph.Stamp{Term: r.uint(), Sequence: r.uint()} }

func writeKept(w *writer, k *Kept) {
	w.text(k.Key)
	w.bytes(k.Hash[:])
	w.int(k.ArrivedMs)
	w.uint(uint64(k.Part))
	w.bool(k.Last)
}

func readKept(r *reader) *Kept {
	k := &Kept{Key: r.text(MaxKeptKey)}
	r.fixed(k.Hash[:])
	k.ArrivedMs = r.int()
	k.Part = r.uint32()
	k.Last = r.bool()
	return k
}

func readKeyRecord(r *reader) tenancy.KeyRecord {
	raw := r.bytes(maxRecordBytes)
	if r.err != nil {
		return tenancy.KeyRecord{}
	}
	record, err := tenancy.DecodeKeyRecord(raw)
	if err != nil {
		r.fail(err)
		return tenancy.KeyRecord{}
	}
	return *record
}
