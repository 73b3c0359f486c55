// Package bookmark seals a position in the log for one tenant (PROTOCOL R6).
//
// As text a bookmark is "nxb_" and base64url of a nonce and the sealed (version, recovery epoch, index). The key comes
// by HKDF from the cluster's secret and id; the tenant is associated data. So another tenant's, another cluster's and
// a changed bookmark are all the same: not valid here. It must never show a raw index to anyone.
package bookmark

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

	"github.com/hivellm/nexus/tenancy"
)

const (
	prefix    = "nxb_"
	version   = 1
	plainSize = 1 + 4 + 8
	maxText   = 256
)

// ErrInvalid says that a text is no bookmark of this tenant on this cluster.
var ErrInvalid = errors.New("the bookmark is not valid for this key on this cluster")

// Position is what a bookmark says: everything up to Index of the log of recovery epoch Epoch is seen.
type Position struct {
	Epoch uint32
	Index uint64
}

// Sealer seals and opens the bookmarks of one cluster. Safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// NewSealer derives the cluster's bookmark key.
func NewSealer(clusterSecret []byte, clusterID string) (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, clusterSecret, []byte(clusterID), "nexus bookmark v1", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the bookmark key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("make the bookmark cipher: %w", err)
	}
	return &Sealer{aead: aead}, nil
}

// Seal makes the text of a position for a tenant.
func (s *Sealer) Seal(tenant tenancy.ID, p Position) string {
	var room struct { // in one piece: every read makes a bookmark
		sealed [chacha20poly1305.NonceSizeX + plainSize + chacha20poly1305.Overhead]byte
		plain  [plainSize]byte
		tenant [8]byte
	}
	nonce := room.sealed[:chacha20poly1305.NonceSizeX]
	rand.Read(nonce) // never fails
	room.plain[0] = version
	binary.BigEndian.PutUint32(room.plain[1:], p.Epoch)
	binary.BigEndian.PutUint64(room.plain[5:], p.Index)
	binary.BigEndian.PutUint64(room.tenant[:], tenant.Number())
	sealed := s.aead.Seal(nonce, nonce, room.plain[:], room.tenant[:])
	var text [maxText]byte
	return string(base64.RawURLEncoding.AppendEncode(append(text[:0], prefix...), sealed))
}

// Open reads a text back; ErrInvalid for whatever this cluster did not seal for this tenant.
func (s *Sealer) Open(tenant tenancy.ID, text string) (Position, error) {
	body, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) > maxText {
		return Position{}, ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(sealed) < chacha20poly1305.NonceSizeX {
		return Position{}, ErrInvalid
	}
	nonce, rest := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, rest, associated(tenant))
	if err != nil || len(plain) != plainSize || plain[0] != version {
		return Position{}, ErrInvalid
	}
	return Position{Epoch: binary.BigEndian.Uint32(plain[1:]), Index: binary.BigEndian.Uint64(plain[5:])}, nil
}

func associated(tenant tenancy.ID) []byte {
	return binary.BigEndian.AppendUint64(nil, tenant.Number())
}
