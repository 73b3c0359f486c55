package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// Format is the version of the stream (docs/specs/snapshot.md).
const Format = 1

const (
	magic        = "NXSNAP"
	prefixSize   = len(magic) + 1 + 4 // magic, format, length of the header
	crcSize      = 4
	sumSize      = 32
	blockSize    = 1 << 20
	maxHeader    = 16 << 20
	maxFiles     = 1 << 18
	maxFileName  = 255
	maxClusterID = 128
)

// ErrCorrupt is wrapped by every failure of a stream to be what it says.
var ErrCorrupt = errors.New("corrupt snapshot")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Header begins a stream.
type Header struct {
	// Index and Term are Raft's position of the snapshot.
	Index, Term uint64
	// Applied and AppliedTerm are the position that the checkpoint itself holds; Applied is at least Index (R23).
	Applied, AppliedTerm uint64
	ClusterID            string
	Epoch                uint32
	// Files follow in this order.
	Files []FileInfo
}

// FileInfo is one file of the checkpoint.
type FileInfo struct {
	Name      string
	SizeBytes int64
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func crcOf(data []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli))
}

// encode is the stream's beginning: prefix, header, CRC.
func (h *Header) encode() ([]byte, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	encoder := msgpack.NewEncoder(&buffer)
	encoder.UseArrayEncodedStructs(true)
	encoder.UseCompactInts(true)
	if err := encoder.Encode(h); err != nil {
		return nil, fmt.Errorf("encode a snapshot header: %w", err)
	}
	body := buffer.Bytes()
	if len(body) > maxHeader {
		return nil, fmt.Errorf("encode a snapshot header: %d bytes, at most %d", len(body), maxHeader)
	}
	out := append([]byte(magic), Format)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	out = append(out, body...)
	return append(out, crcOf(body)...), nil
}

// headerLength reads how long the header is from the stream's prefix.
func headerLength(prefix []byte) (int, error) {
	if !bytes.Equal(prefix[:len(magic)], []byte(magic)) {
		return 0, corrupt("not a snapshot stream")
	}
	if format := prefix[len(magic)]; format != Format {
		return 0, fmt.Errorf("snapshot format %d, this program reads format %d: the nodes' versions are too far apart", format, Format)
	}
	length := binary.BigEndian.Uint32(prefix[len(magic)+1:])
	if length > maxHeader {
		return 0, corrupt("a header of %d bytes", length)
	}
	return int(length), nil
}

// decodeHeader reads header and CRC.
func decodeHeader(raw []byte) (Header, error) {
	var h Header
	body, crc := raw[:len(raw)-crcSize], raw[len(raw)-crcSize:]
	if !bytes.Equal(crcOf(body), crc) {
		return h, corrupt("the header's checksum is wrong")
	}
	reader := bytes.NewReader(body)
	if err := msgpack.NewDecoder(reader).Decode(&h); err != nil {
		return h, corrupt("header: %v", err)
	}
	if reader.Len() > 0 {
		return h, corrupt("%d bytes behind the header", reader.Len())
	}
	return h, h.check()
}

func (h *Header) check() error {
	switch {
	case h.Applied < h.Index:
		return corrupt("it holds index %d and says %d", h.Applied, h.Index)
	case len(h.ClusterID) > maxClusterID:
		return corrupt("a cluster id of %d bytes", len(h.ClusterID))
	case len(h.Files) == 0 || len(h.Files) > maxFiles:
		return corrupt("%d files", len(h.Files))
	}
	for i, f := range h.Files {
		if !plainName(f.Name) || f.SizeBytes < 0 {
			return corrupt("file %q of %d bytes", f.Name, f.SizeBytes)
		}
		if i > 0 && f.Name <= h.Files[i-1].Name {
			return corrupt("file %q out of order", f.Name)
		}
	}
	return nil
}

// plainName tells whether a name stays within its directory.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxFileName && !strings.ContainsAny(name, "/\\\x00")
}

// sizeBytes is the length of the whole stream.
func (h *Header) sizeBytes() (int64, error) {
	beginning, err := h.encode()
	if err != nil {
		return 0, err
	}
	size := int64(len(beginning)) + sumSize
	for _, f := range h.Files {
		blocks := (f.SizeBytes + blockSize - 1) / blockSize
		size += f.SizeBytes + blocks*crcSize
	}
	return size, nil
}

// ReadHeader reads the header that begins a stream.
func ReadHeader(r io.Reader) (Header, error) {
	prefix := make([]byte, prefixSize)
	if _, err := io.ReadFull(r, prefix); err != nil {
		return Header{}, corrupt("header: %v", err)
	}
	length, err := headerLength(prefix)
	if err != nil {
		return Header{}, err
	}
	raw := make([]byte, length+crcSize)
	if _, err := io.ReadFull(r, raw); err != nil {
		return Header{}, corrupt("header: %v", err)
	}
	return decodeHeader(raw)
}
