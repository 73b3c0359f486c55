package ast

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Position returns the line and the column, both from 1, of a byte offset of text; columns count characters. An offset
// outside text is taken as its nearest end.
func Position(text string, offset int) (line, column int) {
	offset = min(max(offset, 0), len(text))
	before := text[:offset]
	line = 1 + strings.Count(before, "\n")
	before = before[strings.LastIndexByte(before, '\n')+1:]
	return line, 1 + utf8.RuneCountInString(before)
}

func writeInt(b *strings.Builder, n int64) {
	var digits [20]byte
	b.Write(strconv.AppendInt(digits[:0], n, 10))
}
