package audit

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	segmentPrefix = "audit-"
	segmentSuffix = ".jsonl"
	segmentDigits = 20
)

// segment is one file: the sequence number of its first line is its name.
type segment struct {
	first uint64
	path  string
}

func segmentAt(dir string, first uint64) segment {
	return segment{first, filepath.Join(dir, fmt.Sprintf("%s%0*d%s", segmentPrefix, segmentDigits, first, segmentSuffix))}
}

// segments lists the files of a directory in order. Files of other names are none of ours.
func segments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list audit files: %w", err)
	}
	var list []segment
	for _, entry := range entries {
		digits, prefixed := strings.CutPrefix(entry.Name(), segmentPrefix)
		digits, suffixed := strings.CutSuffix(digits, segmentSuffix)
		if !prefixed || !suffixed || len(digits) != segmentDigits {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			continue
		}
		list = append(list, segmentAt(dir, first))
	}
	slices.SortFunc(list, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return list, nil
}

// lines gives each whole line of a segment, without its newline, to visit: valid during the call only. torn is how many
// bytes stand behind the last newline; an error of visit ends it.
func (s segment) lines(visit func(line []byte) error) (torn int, err error) {
	file, err := os.Open(s.path)
	if err != nil {
		return 0, fmt.Errorf("open audit file: %w", err)
	}
	defer file.Close()
	reader := bufio.NewReaderSize(file, maxLine)
	for {
		line, err := reader.ReadSlice('\n')
		switch {
		case err == nil:
			if err := visit(bytes.TrimSuffix(line, []byte{'\n'})); err != nil {
				return 0, err
			}
		case errors.Is(err, io.EOF):
			return len(line), nil
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, fmt.Errorf("audit file %s: %w", filepath.Base(s.path), errBroken)
		default:
			return 0, fmt.Errorf("read audit file: %w", err)
		}
	}
}
