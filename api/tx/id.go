package tx

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/tenancy"
)

const (
	idPrefix   = "nxt_"
	idVersion  = 1
	idFixed    = 1 + 8 + 8
	maxNodeID  = 100 // so that the text fits a kept id (fsm.MaxKeptKey)
	maxIDBytes = chacha20poly1305.NonceSizeX + idFixed + maxNodeID + chacha20poly1305.Overhead
)

// ErrUnknown says that a text is no transaction's id of this tenant on this cluster.
var ErrUnknown = errors.New("there is no such transaction")

// ID says where a transaction lives and since when. As text it is opaque, cannot be guessed and works for its tenant
// only; the text is also the kept id of its commit (R14).
type ID struct {
	Text string
	// Node is the id of the node that holds it, Term the term in which that one leads.
	Node string
	Term uint64
	// BegunMs is the log time of its begin, Unix milliseconds.
	BegunMs int64
}

// Request is the id under which watches know the commit.
func (id ID) Request() fsm.RequestID {
	sum := sha256.Sum256([]byte(id.Text))
	return fsm.RequestID(sum[:16])
}

// Kept is what the machine remembers the commit by. arrivedMs is when its first attempt arrived.
func (id ID) Kept(arrivedMs int64) *fsm.Kept {
	return &fsm.Kept{Key: id.Text, Hash: sha256.Sum256([]byte("commit " + id.Text)), ArrivedMs: arrivedMs, Last: true}
}

// Sealer makes and reads the ids of one cluster. Safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// NewSealer derives the cluster's key for ids.
func NewSealer(clusterSecret []byte, clusterID string) (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, clusterSecret, []byte(clusterID), "nexus transaction v1", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the key of transactions: %w", err)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher of transactions: %w", err)
	}
	return &Sealer{aead: aead}, nil
}

// Seal makes a new id for a tenant. A node's id has at most 100 bytes.
func (s *Sealer) Seal(tenant tenancy.ID, node string, term uint64, begunMs int64) (ID, error) {
	if len(node) == 0 || len(node) > maxNodeID {
		return ID{}, fmt.Errorf("a node id of %d bytes does not fit a transaction's", len(node))
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, maxIDBytes)
	rand.Read(nonce) // never fails
	plain := append(make([]byte, 0, idFixed+len(node)), idVersion)
	plain = binary.BigEndian.AppendUint64(plain, term)
	plain = binary.BigEndian.AppendUint64(plain, uint64(begunMs))
	plain = append(plain, node...)
	sealed := s.aead.Seal(nonce, nonce, plain, ofTenant(tenant))
	return ID{idPrefix + base64.RawURLEncoding.EncodeToString(sealed), node, term, begunMs}, nil
}

// Open reads an id; ErrUnknown for whatever this cluster did not make for this tenant.
func (s *Sealer) Open(tenant tenancy.ID, text string) (ID, error) {
	body, ok := strings.CutPrefix(text, idPrefix)
	if !ok || len(text) > fsm.MaxKeptKey {
		return ID{}, ErrUnknown
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(sealed) < chacha20poly1305.NonceSizeX {
		return ID{}, ErrUnknown
	}
	nonce, rest := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, rest, ofTenant(tenant))
	if err != nil || len(plain) <= idFixed || plain[0] != idVersion {
		return ID{}, ErrUnknown
	}
	return ID{
		Text: text, Term: binary.BigEndian.Uint64(plain[1:]), BegunMs: int64(binary.BigEndian.Uint64(plain[9:])),
		Node: string(plain[idFixed:]),
	}, nil
}

func ofTenant(tenant tenancy.ID) []byte {
	return binary.BigEndian.AppendUint64(nil, tenant.Number())
}
