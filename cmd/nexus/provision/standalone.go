package provision

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hivellm/nexus/tenancy"
)

// Files of a standalone node. It has neither certificates nor other nodes.
const (
	// FileStandalone marks the folder of a standalone node; it says the id of the cluster that the node is by itself.
	FileStandalone = "standalone.id"
	// FileDefaultKey is the key of the tenant "default".
	FileDefaultKey = "default.key"
)

// ErrCluster says that a folder is of a node of a cluster, not of a standalone one.
var ErrCluster = errors.New("the folder is of a node of a cluster")

// StandaloneID is the cluster id of a standalone node's folder, "" of any other.
func StandaloneID(dir string) (string, error) {
	content, err := os.ReadFile(filepath.Join(dir, FileStandalone))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the standalone node's id: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// Standalone makes the files of a standalone node in its own folder, where they are not there yet. Errors: ErrCluster, or
// the folder's own.
func Standalone(dir string) error {
	node, err := ReadNodeID(dir)
	if err != nil {
		return err
	}
	switch id, err := StandaloneID(dir); {
	case err != nil || node != "" && id != "":
		return err
	case node != "":
		return fmt.Errorf("%w: %s", ErrCluster, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	key, part, err := tenancy.GenerateKey(tenancy.KeyOperator, rand.Reader)
	if err != nil {
		return err
	}
	return moveIn(dir, []file{
		{FileSecret, newSecretLine()},
		{FileOperatorHash, fmt.Appendf(nil, "%s  %s\n", part.SecretHash, part.ID)},
		{FileOperatorKey, []byte(key.Reveal() + "\n")},
		{FileStandalone, []byte(newUUID() + "\n")},
		{FileNodeID, []byte(newUUID() + "\n")}, // comes last: with it the folder is a node's
	})
}

type file struct {
	name    string
	content []byte
}

// moveIn writes files beside and moves them in, in order: what was broken off before the last one is begun anew.
func moveIn(dir string, files []file) error {
	made, err := os.MkdirTemp(dir, "making-")
	if err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	for _, f := range files {
		if err == nil {
			err = writeNew(filepath.Join(made, f.name), f.content)
		}
	}
	for _, f := range files {
		if err == nil {
			err = os.Rename(filepath.Join(made, f.name), filepath.Join(dir, f.name))
		}
	}
	return errors.Join(err, os.RemoveAll(made))
}

// WriteKey writes a key's text into a file for its owner's eyes only, in the place of what was there.
func WriteKey(path, text string) error {
	return moveIn(filepath.Dir(path), []file{{filepath.Base(path), []byte(text + "\n")}})
}
