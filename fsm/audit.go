package fsm

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/hivellm/nexus/graph/store"
)

// maxAuditHeads bounds the heads that are kept; beyond it the one that was noted longest ago goes.
const maxAuditHeads = 64

// AuditHash is a hash of an audit chain.
type AuditHash [sha256.Size]byte

// AuditHead names the last record of a node's audit log as the log of the cluster has it: a chain of that node that ends
// before it was cut short.
type AuditHead struct {
	NodeID string
	Seq    uint64
	Hash   AuditHash
	// NotedMs is the log time at which it was noted; a command's own is ignored.
	NotedMs int64
}

// AuditHeads notes how far the nodes' audit logs are. A head never goes back.
type AuditHeads struct {
	Header
	// Heads has one of each node at most; no more than maxAuditHeads.
	Heads []AuditHead
}

// auditState is the machine's own chain over administrative commands, and the heads of the nodes' logs, by node id. The
// slice is replaced, never changed.
type auditState struct {
	seq   uint64
	hash  AuditHash
	heads []AuditHead
}

var auditSuffix = []byte("audit")

// chained are the commands of the machine's chain: whatever changes who may do what, and who is a member.
var chained = map[commandKind]bool{
	kindClusterInit: true, kindCreateTenant: true, kindUpdateTenant: true, kindDeleteTenant: true, kindCreateKey: true,
	kindRevokeKey: true, kindCreateDatabase: true, kindDropDatabase: true, kindRaiseFeatureLevel: true, kindSetClock: true,
	kindRemoveMember: true, kindMarkMember: true, kindHubChange: true,
}

// chain adds an administrative command that was applied: SHA-256 over the hash before it, the index of its entry in big
// endian, and its bytes.
func (b *batch) chain(command Command, raw []byte, result Result) {
	if result.Err != nil || !chained[command.kind()] {
		return
	}
	h := sha256.New()
	h.Write(b.state.audit.hash[:])
	h.Write(binary.BigEndian.AppendUint64(nil, b.entry))
	h.Write(raw)
	b.state.audit.seq++
	b.state.audit.hash = AuditHash(h.Sum(nil))
	b.auditChanged = true
}

func (b *batch) auditHeads(c *AuditHeads) Result {
	if slices.ContainsFunc(c.Heads, func(h AuditHead) bool { return h.NodeID == "" }) {
		return Result{Err: &InvalidError{errors.New("an audit head of nobody")}}
	}
	heads := slices.Clone(b.state.audit.heads)
	for _, head := range c.Heads {
		head.NotedMs = b.state.clock.logTimeMs
		i, known := slices.BinarySearchFunc(heads, head, byNode)
		switch {
		case !known:
			heads = slices.Insert(heads, i, head)
		case heads[i].Seq < head.Seq:
			heads[i] = head
		}
	}
	for len(heads) > maxAuditHeads {
		oldest := slices.MinFunc(heads, func(a, b AuditHead) int { return cmp.Compare(a.NotedMs, b.NotedMs) })
		heads = slices.DeleteFunc(heads, func(h AuditHead) bool { return h.NodeID == oldest.NodeID })
	}
	b.state.audit.heads = heads
	b.auditChanged = true
	return Result{}
}

func byNode(a, b AuditHead) int { return cmp.Compare(a.NodeID, b.NodeID) }

// AuditHeads reads the heads that the log knows, by node id. They must not be changed.
func (m *Machine) AuditHeads() []AuditHead { return m.published.Load().audit.heads }

// AdminChain reads how many administrative commands were applied, and the hash of the last one's place in the chain: equal on
// all nodes that have applied the same.
func (m *Machine) AdminChain() (seq uint64, hash AuditHash) {
	audit := m.published.Load().audit
	return audit.seq, audit.hash
}

func (*AuditHeads) kind() commandKind { return kindAuditHeads }

func (c *AuditHeads) write(w *writer) {
	w.list(len(c.Heads))
	for _, h := range c.Heads {
		w.text(h.NodeID)
		w.uint(h.Seq)
		w.bytes(h.Hash[:])
	}
}

func (c *AuditHeads) read(r *reader) {
	for range r.list(maxAuditHeads) {
		head := AuditHead{NodeID: r.text(maxNodeID), Seq: r.uint()}
		r.fixed(head.Hash[:])
		c.Heads = append(c.Heads, head)
	}
}

func encodeAudit(a auditState) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(3)
	w.uint(a.seq)
	w.bytes(a.hash[:])
	w.list(len(a.heads))
	for _, h := range a.heads {
		w.text(h.NodeID)
		w.uint(h.Seq)
		w.bytes(h.Hash[:])
		w.int(h.NotedMs)
	}
	return w.buffer.Bytes()
}

func decodeAudit(raw []byte) (a auditState, err error) {
	r := recordReader(raw, 3)
	a.seq = r.uint()
	r.fixed(a.hash[:])
	for range r.list(maxAuditHeads) {
		head := AuditHead{NodeID: r.text(maxNodeID), Seq: r.uint()}
		r.fixed(head.Hash[:])
		head.NotedMs = r.int()
		a.heads = append(a.heads, head)
	}
	return a, r.finish()
}

func (st *state) loadAudit(sys store.System) error {
	raw, found, err := sys.Read(store.Cluster, auditSuffix)
	if err != nil || !found {
		return err
	}
	st.audit, err = decodeAudit(bytes.Clone(raw))
	return err
}
