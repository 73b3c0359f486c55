package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Sizes of the file's parts, as graph/value reads them.
const (
	magic        = "NXTZ1\n"
	releaseBytes = 16
	nameBytes    = 40
	rowBytes     = nameBytes + 8
)

// pack writes the database: magic, release, count, the sorted names with the place and length of their data, the data.
// Equal data is written once.
func pack(release string, rows []row) ([]byte, error) {
	if len(release) > releaseBytes {
		return nil, fmt.Errorf("release %q is longer than %d bytes", release, releaseBytes)
	}
	blob := []byte(magic + release + strings.Repeat(" ", releaseBytes-len(release)))
	blob = binary.BigEndian.AppendUint32(blob, uint32(len(rows)))
	next := len(blob) + len(rows)*rowBytes
	places := map[string]int{}
	var data []byte
	for _, r := range rows {
		if len(r.name) > nameBytes {
			return nil, fmt.Errorf("zone name %q is longer than %d bytes", r.name, nameBytes)
		}
		place, known := places[string(r.data)]
		if !known {
			place = next + len(data)
			places[string(r.data)] = place
			data = append(data, r.data...)
		}
		blob = append(blob, r.name+strings.Repeat("\x00", nameBytes-len(r.name))...)
		blob = binary.BigEndian.AppendUint32(blob, uint32(place))
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(r.data)))
	}
	return append(blob, data...), nil
}
