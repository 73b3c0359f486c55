package fsm

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// clusterRecord is what is known of the whole cluster. It changes by few commands.
type clusterRecord struct {
	id               string
	epoch            uint32
	featureLevel     uint32
	maxDatabaseBytes uint64
}

// clockRecord is what nearly every command moves.
type clockRecord struct {
	// logTimeMs is log time, Unix milliseconds.
	logTimeMs int64
	// term and termIndex are those of the last TermStart applied in its own term.
	term, termIndex uint64
	// nextTenant is above every tenant's number.
	nextTenant uint64
}

// state is the machine's system space in memory, as the running batch has made it. Guarded by the machine's apply lock.
type state struct {
	cluster clusterRecord
	clock   clockRecord
	tenants *btree.Map[uint64, *tenant]
	names   *btree.Map[string, uint64] // of tenants that hold something
	users   *btree.Map[string, uint64] // the hub's user ids of tenants that are not deleted
	keys    *btree.Map[string, *tenancy.KeyRecord]
	members *btree.Map[string, memberMark]
	ledger  ledgerState
	hub     hubState
	audit   auditState
	// nextExpiryMs is the earliest expiry of a kept id, math.MaxInt64 for none.
	nextExpiryMs int64
}

// Suffixes of the two records of the whole cluster.
var (
	clusterSuffix = []byte("cluster")
	clockSuffix   = []byte("clock")
)

// systemFormat is the first byte of the system records that this package encodes.
const systemFormat = 1

// loadState reads the system space and the figures of every database.
func loadState(s *store.Store) (*state, error) {
	st := &state{
		tenants:      &btree.Map[uint64, *tenant]{},
		names:        &btree.Map[string, uint64]{},
		users:        &btree.Map[string, uint64]{},
		hub:          newHubState(),
		keys:         &btree.Map[string, *tenancy.KeyRecord]{},
		members:      &btree.Map[string, memberMark]{},
		ledger:       ledgerState{books: &btree.Map[uint64, *ledger.Book]{}},
		nextExpiryMs: math.MaxInt64,
		clock:        clockRecord{nextTenant: 1},
	}
	for _, load := range []func(store.System) error{
		st.loadCluster, st.loadTenants, st.loadHub, st.loadKeys, st.loadMembers, st.loadKept, st.loadLedger, st.loadAudit,
	} {
		if err := load(s.System()); err != nil {
			return nil, fmt.Errorf("load the system space: %w", err)
		}
	}
	applied, _ := s.Applied()
	if err := st.loadDatabases(s, applied); err != nil {
		return nil, fmt.Errorf("load the databases: %w", err)
	}
	return st, nil
}

func (st *state) loadCluster(sys store.System) error {
	raw, found, err := sys.Read(store.Cluster, clusterSuffix)
	if err != nil {
		return err
	}
	if found {
		if st.cluster, err = decodeCluster(raw); err != nil {
			return err
		}
	}
	raw, found, err = sys.Read(store.Cluster, clockSuffix)
	if err != nil || !found {
		return err
	}
	st.clock, err = decodeClock(raw)
	return err
}

func (st *state) loadTenants(sys store.System) error {
	return sys.Scan(store.Tenants, nil, func(_, value []byte) error {
		account, err := tenancy.DecodeAccount(value)
		if err != nil {
			return err
		}
		st.tenants.Set(account.ID.Number(), newTenant(account))
		if account.Status != tenancy.StatusDeleted {
			st.names.Set(account.Name, account.ID.Number())
			st.noteUser(account)
		}
		return nil
	})
}

// noteUser notes whose tenant it is.
func (st *state) noteUser(account *tenancy.Account) {
	if account.UserID != "" {
		st.users.Set(account.UserID, account.ID.Number())
	}
}

func newTenant(account *tenancy.Account) *tenant {
	return &tenant{account: account, usage: &usageCell{}, kept: &keptFigures{}, home: &residence{}}
}

func (st *state) loadKeys(sys store.System) error {
	return sys.Scan(store.Keys, nil, func(_, value []byte) error {
		record, err := tenancy.DecodeKeyRecord(value)
		if err != nil {
			return err
		}
		st.keys.Set(record.ID, record)
		return nil
	})
}

// loadKept finds each tenant's figures and the earliest expiry; the records stay in the store.
func (st *state) loadKept(sys store.System) (err error) {
	st.tenants.Scan(func(number uint64, t *tenant) bool {
		raw, found, failed := sys.Read(store.KeptIDs, binary.BigEndian.AppendUint64(nil, number))
		if failed == nil && found {
			*t.kept, failed = decodeKeptFigures(raw)
		}
		err = failed
		return err == nil
	})
	if err != nil {
		return err
	}
	st.nextExpiryMs, err = earliestExpiry(sys)
	return err
}

func (st *state) loadDatabases(s *store.Store, applied uint64) error {
	err := s.System().Scan(store.Databases, nil, func(suffix, value []byte) error {
		if len(suffix) != 8 && len(suffix) != 12 {
			return malformed("a database's key of %d bytes", len(suffix))
		}
		t, ok := st.tenants.Get(binary.BigEndian.Uint64(suffix))
		if !ok {
			return malformed("a database of a tenant that does not exist")
		}
		if len(suffix) == 8 {
			return t.decodeNext(value)
		}
		number := tenancy.DatabaseID(binary.BigEndian.Uint32(suffix[8:]))
		info, err := decodeDatabase(number, value)
		if err != nil {
			return err
		}
		p := place{t.account.ID, number}
		t.databases = append(t.databases, newDatabase(p, t.home, info, &version{index: applied}))
		return nil
	})
	if err != nil {
		return err
	}
	st.tenants.Scan(func(_ uint64, t *tenant) bool {
		err = t.loadFigures(s, applied)
		return err == nil
	})
	return err
}

// loadFigures reads what the databases' meta records say and sums them up.
func (t *tenant) loadFigures(s *store.Store, applied uint64) error {
	usage := tenancy.Usage{Databases: uint64(len(t.databases))}
	for _, d := range t.databases {
		meta, err := graph.LoadMeta(s.Space(d.place.tenant, d.place.database))
		if err != nil {
			return fmt.Errorf("database %s of tenant %s: %w", d.Name, d.place.tenant, err)
		}
		d.published.Store(&version{meta: meta, index: applied, memoryBytes: graph.EstimateMemory(meta)})
		usage = usage.Plus(usageOf(meta))
	}
	t.usage.working = usage
	t.usage.publish()
	return nil
}

func usageOf(m graph.Meta) tenancy.Usage {
	return tenancy.Usage{Nodes: m.Nodes, Relationships: m.Relationships, Bytes: m.Bytes}
}

func (t *tenant) decodeNext(value []byte) error {
	if len(value) != 4 {
		return malformed("a next database number of %d bytes", len(value))
	}
	t.nextDatabase = binary.BigEndian.Uint32(value)
	return nil
}

func encodeCluster(c clusterRecord) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(4)
	w.text(c.id)
	w.uint(uint64(c.epoch))
	w.uint(uint64(c.featureLevel))
	w.uint(c.maxDatabaseBytes)
	return w.buffer.Bytes()
}

func decodeCluster(raw []byte) (c clusterRecord, err error) {
	r := recordReader(raw, 4)
	c.id = r.text(maxClusterID)
	c.epoch = r.uint32()
	c.featureLevel = r.uint32()
	c.maxDatabaseBytes = r.uint()
	return c, r.finish()
}

func encodeClock(c clockRecord) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(4)
	w.int(c.logTimeMs)
	w.uint(c.term)
	w.uint(c.termIndex)
	w.uint(c.nextTenant)
	return w.buffer.Bytes()
}

func decodeClock(raw []byte) (c clockRecord, err error) {
	r := recordReader(raw, 4)
	c.logTimeMs = r.int()
	c.term = r.uint()
	c.termIndex = r.uint()
	c.nextTenant = r.uint()
	return c, r.finish()
}

func encodeDatabase(d Database) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(2)
	w.text(d.Name)
	w.int(d.CreatedAtMs)
	return w.buffer.Bytes()
}

func decodeDatabase(number tenancy.DatabaseID, raw []byte) (Database, error) {
	r := recordReader(raw, 2)
	d := Database{Number: number, Name: r.text(tenancy.MaxDatabaseName), CreatedAtMs: r.int()}
	return d, r.finish()
}

// recordReader begins to read a system record of a number of fields.
func recordReader(raw []byte, fields int) *reader {
	if len(raw) == 0 {
		r := newReader(nil)
		r.fail(malformed("an empty record"))
		return r
	}
	r := newReader(raw[1:])
	if raw[0] != systemFormat {
		r.fail(malformed("record format %d, this program reads %d", raw[0], systemFormat))
	}
	if length := r.list(fields); r.err == nil && length != fields {
		r.fail(malformed("a record of %d fields, not %d", length, fields))
	}
	return r
}

// databaseSuffix is the suffix of a database's key in the system space.
func databaseSuffix(p place) []byte {
	suffix := binary.BigEndian.AppendUint64(nil, p.tenant.Number())
	return binary.BigEndian.AppendUint32(suffix, uint32(p.database))
}

func tenantSuffix(id tenancy.ID) []byte { return binary.BigEndian.AppendUint64(nil, id.Number()) }
