package tenancy

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/vmihailenco/msgpack/v5"
)

// A key as text: nx_<kind>_<id><…>: the id, "_", then the secret and the checksum without a separator.
const (
	keyPrefix = "nx_"
	// KeyIDLength is the length of a key's id in characters of base 62.
	KeyIDLength = 16
	// KeySecretLength is the length of a key's secret in characters: 32 bytes in base 62, left-padded.
	KeySecretLength   = 43
	keyChecksumLength = 6
	keyTailLength     = KeyIDLength + 1 + KeySecretLength + keyChecksumLength

	// KeyIDBytes is how many random bytes become a key's id, the number they are modulo 62^16.
	KeyIDBytes = 16
	// KeySecretBytes is how many random bytes become a key's secret.
	KeySecretBytes = 32
)

// KeyKind is what a key's text says it is for.
type KeyKind string

// The kinds of keys. Live and test keys belong to a tenant and differ in name only; op keys are the operator's.
const (
	KeyLive     KeyKind = "live"
	KeyTest     KeyKind = "test"
	KeyOperator KeyKind = "op"
)

// Known reports whether the kind is one of the three.
func (k KeyKind) Known() bool { return k == KeyLive || k == KeyTest || k == KeyOperator }

// SecretHash is the SHA-256 of a key's secret, over its 43 ASCII characters. It is stored in place of the secret.
type SecretHash [sha256.Size]byte

// HashSecret is the hash under which a secret of 43 characters is stored.
func HashSecret(secret string) SecretHash {
	var ascii [KeySecretLength]byte
	n := copy(ascii[:], secret)
	return sha256.Sum256(ascii[:n])
}

// String is the hash in lower-case hexadecimal, as in secret_sha256.
func (h SecretHash) String() string { return hex.EncodeToString(h[:]) }

// Equal compares two hashes in constant time.
func (h SecretHash) Equal(other SecretHash) bool {
	return subtle.ConstantTimeCompare(h[:], other[:]) == 1
}

// ParseSecretHash reads 64 lower-case hexadecimal digits.
func ParseSecretHash(text string) (SecretHash, error) {
	var hash SecretHash
	if len(text) != 2*len(hash) {
		return SecretHash{}, fmt.Errorf("secret_sha256: expected %d hexadecimal digits, not %d characters", 2*len(hash), len(text))
	}
	for i := range len(text) {
		if c := text[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return SecretHash{}, fmt.Errorf("secret_sha256: character %d is not a lower-case hexadecimal digit", i+1)
		}
	}
	if _, err := hex.Decode(hash[:], []byte(text)); err != nil {
		return SecretHash{}, fmt.Errorf("secret_sha256: %w", err)
	}
	return hash, nil
}

// MarshalText writes the hash as String does.
func (h SecretHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *SecretHash) UnmarshalText(text []byte) error {
	hash, err := ParseSecretHash(string(text))
	if err != nil {
		return err
	}
	*h = hash
	return nil
}

// EncodeMsgpack writes the hash as 32 bytes.
func (h SecretHash) EncodeMsgpack(encoder *msgpack.Encoder) error { return encoder.EncodeBytes(h[:]) }

// DecodeMsgpack reads what EncodeMsgpack wrote.
func (h *SecretHash) DecodeMsgpack(decoder *msgpack.Decoder) error {
	length, err := decoder.DecodeBytesLen()
	if err != nil {
		return err
	}
	if length != len(h) {
		return fmt.Errorf("secret hash: %d bytes instead of %d", length, len(h))
	}
	return decoder.ReadFull(h[:])
}

// KeyText is a whole key, shown to its owner once and stored nowhere.
type KeyText = Secret

// KeyRecordPart is what is kept of a generated key.
type KeyRecordPart struct {
	// ID is the key's public id, KeyIDLength characters of base 62.
	ID string
	// SecretHash stands in for the secret.
	SecretHash SecretHash
}

// NewKeySecret builds the key of a kind from KeyIDBytes and KeySecretBytes random bytes. The same bytes give the
// same key on every machine.
func NewKeySecret(kind KeyKind, idRandom, secretRandom []byte) (KeyText, KeyRecordPart, error) {
	if !kind.Known() {
		return KeyText{}, KeyRecordPart{}, fmt.Errorf("key kind %q is unknown", clip(string(kind)))
	}
	if len(idRandom) != KeyIDBytes || len(secretRandom) != KeySecretBytes {
		return KeyText{}, KeyRecordPart{}, fmt.Errorf("key of %d and %d random bytes instead of %d and %d",
			len(idRandom), len(secretRandom), KeyIDBytes, KeySecretBytes)
	}
	var id [KeyIDLength]byte
	var secret [KeySecretLength]byte
	writeBase62(id[:], words(idRandom))
	writeBase62(secret[:], words(secretRandom))

	text := keyPrefix + string(kind) + "_" + string(id[:]) + "_" + string(secret[:])
	sum := checksumDigits(checksum(text))
	part := KeyRecordPart{ID: string(id[:]), SecretHash: sha256.Sum256(secret[:])}
	return NewSecret(text + string(sum[:])), part, nil
}

// GenerateKey reads randomness and builds a key from it. The randomness is passed in: this package has none.
func GenerateKey(kind KeyKind, random io.Reader) (KeyText, KeyRecordPart, error) {
	var bytes [KeyIDBytes + KeySecretBytes]byte
	if _, err := io.ReadFull(random, bytes[:]); err != nil {
		return KeyText{}, KeyRecordPart{}, fmt.Errorf("read randomness for a key: %w", err)
	}
	return NewKeySecret(kind, bytes[:KeyIDBytes], bytes[KeyIDBytes:])
}

// ErrKeySyntax says that a text is not a key: its shape, an alphabet or its checksum is wrong. It never repeats
// the text.
var ErrKeySyntax = errors.New("not a key: wrong shape or checksum")

// ParsedKey is what a key's text says; nothing of it has been checked against a record.
type ParsedKey struct {
	Kind KeyKind
	// ID is a piece of the parsed text and keeps it alive: use a record's own ID for what lives longer.
	ID         string
	SecretHash SecretHash
}

// ParseKey takes a key's text apart and checks its shape and checksum; the error is ErrKeySyntax and no look-up
// is needed to know it. It allocates nothing.
func ParseKey(text string) (ParsedKey, error) {
	kind, rest, ok := cutKind(text)
	if !ok || len(rest) != keyTailLength || rest[KeyIDLength] != '_' {
		return ParsedKey{}, ErrKeySyntax
	}
	id := rest[:KeyIDLength]
	secret := rest[KeyIDLength+1 : KeyIDLength+1+KeySecretLength]
	sum := checksumDigits(checksum(text[:len(text)-keyChecksumLength]))
	if text[len(text)-keyChecksumLength:] != string(sum[:]) || !allAlphabet(id) || !allAlphabet(secret) {
		return ParsedKey{}, ErrKeySyntax
	}
	return ParsedKey{Kind: kind, ID: id, SecretHash: HashSecret(secret)}, nil
}

// cutKind takes "nx_<kind>_" off a key's text.
func cutKind(text string) (KeyKind, string, bool) {
	if len(text) < len(keyPrefix) || text[:len(keyPrefix)] != keyPrefix {
		return "", "", false
	}
	rest := text[len(keyPrefix):]
	for _, kind := range [...]KeyKind{KeyLive, KeyTest, KeyOperator} {
		if n := len(kind); len(rest) > n && rest[:n] == string(kind) && rest[n] == '_' {
			return kind, rest[n+1:], true
		}
	}
	return "", "", false
}

// CheckKeyID refuses a text that cannot be the id of a key.
func CheckKeyID(id string) error {
	if len(id) != KeyIDLength || !allAlphabet(id) {
		return fmt.Errorf("%q is not a key id: expected %d letters or digits", clip(id), KeyIDLength)
	}
	return nil
}
