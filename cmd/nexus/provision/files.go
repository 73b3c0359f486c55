package provision

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hivellm/nexus/tenancy"
)

// Names of files.
const (
	FileAuthorityKey = "ca.key"
	FileAuthority    = "ca.crt"
	FileOperatorKey  = "operator.key"
	FileOperatorHash = "operator.sha256"
	FileNodeID       = "node.id"
	FileCertificate  = "node.crt"
	FileKey          = "node.key"
	FileSecret       = "cluster.secret"
	FileGossipKey    = "gossip.key"
	FileConfig       = "nexus.toml"
)

// secretBytes is the length of the cluster's secret and of gossip's key.
const secretBytes = 32

// writeNew writes a file that must not be there yet, for its owner's eyes only.
func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// newSecretLine is a fresh secret as its file holds it: hexadecimal digits and a line end.
func newSecretLine() []byte {
	var secret [secretBytes]byte
	rand.Read(secret[:]) // never fails
	return []byte(hex.EncodeToString(secret[:]) + "\n")
}

// ReadSecret reads a file with a secret of 32 bytes in hexadecimal. The error never repeats the content.
func ReadSecret(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(content)))
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("%s is torn: it does not hold %d hexadecimal digits; copy it again from where \"nexus cluster init\" wrote it",
			path, 2*secretBytes)
	}
	return secret, nil
}

// ReadOperatorHash reads operator.sha256: the hash and the id of the operator's first key.
func ReadOperatorHash(path string) (keyID string, hash tenancy.SecretHash, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", tenancy.SecretHash{}, fmt.Errorf("read the operator key's hash: %w", err)
	}
	fields := strings.Fields(string(content))
	if len(fields) == 2 {
		hash, err = tenancy.ParseSecretHash(fields[0])
		if err == nil {
			err = tenancy.CheckKeyID(fields[1])
		}
		if err == nil {
			return fields[1], hash, nil
		}
	}
	return "", tenancy.SecretHash{}, fmt.Errorf("%s is torn: it must hold a hash and a key id; copy it again from where \"nexus cluster init\" wrote it", path)
}

// ReadNodeID reads a node's id; "" when the folder has none.
func ReadNodeID(dir string) (string, error) {
	content, err := os.ReadFile(filepath.Join(dir, FileNodeID))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the node's id: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// newUUID makes a random UUID.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
