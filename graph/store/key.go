package store

import (
	"encoding/binary"
	"fmt"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// The first byte of every key says which part of the store it belongs to.
const (
	partSystem byte = 0x01
	partTenant byte = 0x10
)

// Kind is the kind of a record of a tenant's database.
type Kind byte

// The kinds of records (ARCHITECTURE §6).
const (
	Node         Kind = 'n'
	Relationship Kind = 'r'
	Name         Kind = 'i'
	Schema       Kind = 's'
	Meta         Kind = 'm'
)

// SystemKind is the kind of a record of the system space.
type SystemKind byte

// The system's kinds. What each holds is its writer's affair.
const (
	systemApplied SystemKind = 'a'
	systemFormat  SystemKind = 'f'
	Cluster       SystemKind = 'c'
	Tenants       SystemKind = 't'
	Keys          SystemKind = 'k'
	Databases     SystemKind = 'd'
	KeptIDs       SystemKind = 'q'
	KeptOrder     SystemKind = 'o'
	Members       SystemKind = 'm'
	Ledger        SystemKind = 'l'
	Outbox        SystemKind = 'x'
	Audit         SystemKind = 'h'
	Hub           SystemKind = 'u'
)

const (
	tenantPrefixSize = 1 + 8
	spacePrefixSize  = tenantPrefixSize + 4
	// KeyOverhead is how many bytes of a key name its tenant and database; they count for nobody's storage.
	KeyOverhead = spacePrefixSize
)

// tenantPrefix begins every key of a tenant.
func tenantPrefix(t tenancy.ID) [tenantPrefixSize]byte {
	if t.IsZero() {
		panic("graph/store: a space of nobody")
	}
	var p [tenantPrefixSize]byte
	p[0] = partTenant
	binary.BigEndian.PutUint64(p[1:], t.Number())
	if planted.On("forget-prefix") {
		clear(p[1:])
	}
	return p
}

// spacePrefix begins every key of one tenant's database.
func spacePrefix(t tenancy.ID, db tenancy.DatabaseID) [spacePrefixSize]byte {
	var p [spacePrefixSize]byte
	tenant := tenantPrefix(t)
	copy(p[:], tenant[:])
	binary.BigEndian.PutUint32(p[tenantPrefixSize:], uint32(db))
	return p
}

// AppendID appends the suffix of a node's or relationship's key: its id, big endian, so that keys sort by id.
func AppendID(dst []byte, id uint64) []byte { return binary.BigEndian.AppendUint64(dst, id) }

// DecodeID reads what AppendID wrote.
func DecodeID(suffix []byte) (uint64, error) {
	if len(suffix) != 8 {
		return 0, fmt.Errorf("an id of %d bytes, not 8", len(suffix))
	}
	return binary.BigEndian.Uint64(suffix), nil
}

// DecodedKey is a whole key, taken apart: for tests and tools that read a store from outside.
type DecodedKey struct {
	System     bool
	SystemKind SystemKind
	Tenant     tenancy.ID
	Database   tenancy.DatabaseID
	Kind       Kind
	Suffix     []byte
}

// DecodeKey takes a whole key apart. Suffix aliases key.
func DecodeKey(key []byte) (DecodedKey, error) {
	switch {
	case len(key) >= 2 && key[0] == partSystem:
		return DecodedKey{System: true, SystemKind: SystemKind(key[1]), Suffix: key[2:]}, nil
	case len(key) > spacePrefixSize && key[0] == partTenant:
		tenant := tenancy.IDFromNumber(binary.BigEndian.Uint64(key[1:]))
		if tenant.IsZero() {
			return DecodedKey{}, fmt.Errorf("a key of tenant 0")
		}
		return DecodedKey{
			Tenant:   tenant,
			Database: tenancy.DatabaseID(binary.BigEndian.Uint32(key[tenantPrefixSize:])),
			Kind:     Kind(key[spacePrefixSize]),
			Suffix:   key[spacePrefixSize+1:],
		}, nil
	}
	return DecodedKey{}, fmt.Errorf("a key of %d bytes that belongs to no part of the store", len(key))
}

// after returns the first key that does not begin with prefix.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		end[i]++
		if end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
